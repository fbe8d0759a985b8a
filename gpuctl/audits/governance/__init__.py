"""Limits and queues: quotas below what waits, queues that lead nowhere, autoscalers that scale the wrong way."""

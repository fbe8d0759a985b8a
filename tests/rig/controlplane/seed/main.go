// Command seed writes Kubernetes objects straight into etcd, encoded as kube-apiserver encodes them (protobuf),
// so that a test or a benchmark can start from old objects, set statuses, or 100,000 pods in under a minute.
//
// Usage: seed ENDPOINT < lines        each line is KEY<tab>JSON object
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

const (
	workers = 8
	// etcd refuses requests above 2 MB; fifty pods of 8 kB or fifty nodes of 24 kB stay below it.
	perTransaction = 50
	longestLine    = 1 << 22
)

type entry struct{ key, value string }

func encode(line []byte) (entry, error) {
	key, document, found := bytes.Cut(line, []byte("\t"))
	if !found {
		return entry{}, fmt.Errorf("no tab in line %.60q", line)
	}
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(document, nil, nil)
	if err != nil {
		return entry{}, fmt.Errorf("%s: %w", key, err)
	}
	var encoded bytes.Buffer
	if err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(object, &encoded); err != nil {
		return entry{}, fmt.Errorf("%s: %w", key, err)
	}
	return entry{string(key), encoded.String()}, nil
}

func store(client *clientv3.Client, lines <-chan []byte) error {
	batch := make([]clientv3.Op, 0, perTransaction)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := client.Txn(context.Background()).Then(batch...).Commit()
		batch = batch[:0]
		return err
	}
	for line := range lines {
		e, err := encode(line)
		if err != nil {
			return err
		}
		batch = append(batch, clientv3.OpPut(e.key, e.value))
		if len(batch) == perTransaction {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "seed:", err)
	os.Exit(1)
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: seed ENDPOINT < lines of KEY<tab>JSON"))
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{os.Args[1]}})
	if err != nil {
		fail(err)
	}
	defer client.Close()

	lines := make(chan []byte, 1024)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			if err := store(client, lines); err != nil {
				fail(err)
			}
		})
	}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(make([]byte, 1<<20), longestLine)
	for input.Scan() {
		lines <- bytes.Clone(input.Bytes())
	}
	close(lines)
	running.Wait()
	if err := input.Err(); err != nil {
		fail(err)
	}
}

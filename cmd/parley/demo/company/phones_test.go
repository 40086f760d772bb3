package company

import (
	"net"
	"testing"
)

// A reset fails while another program listens at the phones' address. Later it can be tried again.
func TestPhonesAgain(t *testing.T) {
	t.Parallel()
	w, err := New(t.Context(), Options{Phones: true, PublicURL: "http://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })

	before := w.Phones()
	graph, _ := before.Addresses()
	if err := before.Close(); err != nil { // as a reset does
		t.Fatal(err)
	}

	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", graph)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.openPhones(t.Context()); err == nil {
		t.Error("openPhones succeeded, want an error while their address is taken")
	}

	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.openPhones(t.Context()); err != nil {
		t.Fatal(err)
	}

	now := w.Phones()
	if now == before {
		t.Error("the phones are still those that were closed")
	}
	if got, _ := now.Addresses(); got != graph {
		t.Errorf("the new phones are at %s, want %s", got, graph)
	}
}

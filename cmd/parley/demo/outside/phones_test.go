package outside

import (
	"net"
	"testing"

	"parley/cmd/parley/demo/phone"
)

// TestPhonesAgain: a reset that finds the phones' address taken can be tried again, and the world can end.
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
		t.Error("the phones are at an address that is taken")
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.openPhones(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := w.Phones(); now == before || !at(now, graph) {
		t.Error("no others have taken the phones' place")
	}
}

func at(p *phone.Exchange, graph string) bool {
	now, _ := p.Addresses()
	return now == graph
}

package outside

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
)

// A cut cord breaks what runs on it and refuses more; plugged in, the same address works.
func TestCord(t *testing.T) {
	t.Parallel()
	w, err := New(t.Context(), Options{Cords: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	c := w.cords.slack
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	try := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Addr+"/_fake/state", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		return err
	}
	for round := range 3 {
		if err := try(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		open, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.cords.imap.Addr)
		if err != nil {
			t.Fatal(err)
		}
		greeting := bufio.NewReader(open)
		if line, err := greeting.ReadString('\n'); err != nil || !strings.HasPrefix(line, "* OK") {
			t.Fatalf("round %d: %q %v", round, line, err)
		}
		w.cords.imap.Cut()
		if _, err := greeting.ReadString('\n'); err == nil {
			t.Errorf("round %d: the connection lives", round)
		}
		_ = open.Close()
		if err := w.cords.imap.Plug(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.Cut()
		if err := try(t.Context()); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Fatalf("round %d, cut: %v", round, err)
		}
		if err := c.Plug(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

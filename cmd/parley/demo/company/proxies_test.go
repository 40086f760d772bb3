package company

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"

	"parley/channels/emulator"
)

// A cut proxy breaks its connections and refuses new ones. Once restored, it works at the same address again.
func TestProxiesCutAndRestore(t *testing.T) {
	t.Parallel()
	w, err := New(t.Context(), Options{Proxies: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })

	slack, imap := w.proxies.slack, w.proxies.imap
	client := emulator.NewClient()
	callSlack := func() error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+slack.Addr+"/_fake/state", nil)
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
		if err := callSlack(); err != nil {
			t.Fatalf("round %d: call Slack: %v", round, err)
		}
		open, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", imap.Addr)
		if err != nil {
			t.Fatal(err)
		}
		greeting := bufio.NewReader(open)
		if line, err := greeting.ReadString('\n'); err != nil || !strings.HasPrefix(line, "* OK") {
			t.Fatalf("round %d: IMAP's greeting: got %q %v, want * OK", round, line, err)
		}

		imap.Cut()
		if _, err := greeting.ReadString('\n'); err == nil {
			t.Errorf("round %d: the connection to IMAP survived the cut", round)
		}
		_ = open.Close()
		if err := imap.Restore(t.Context()); err != nil {
			t.Fatal(err)
		}

		slack.Cut()
		if err := callSlack(); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Fatalf("round %d: call Slack while it is cut: got %v, want that it is refused", round, err)
		}
		if err := slack.Restore(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

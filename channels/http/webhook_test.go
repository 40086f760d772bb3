package http_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
)

// Who posts a body that is too long reads that it is, also if the answer is read only once everything is sent, as most clients do.
func TestTooLongIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at, err := url.Parse(w.hook)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", at.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	const size = 40 << 20
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", at.Path, at.Host, size); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(make([]byte, size)); err != nil {
		t.Fatalf("the body was not taken to its end: %v", err)
	}

	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	wantEqual(t, "status", answer.StatusCode, http.StatusRequestEntityTooLarge)
}

package mailbox

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"parley/channels/emulator"
)

// serveSTARTTLS greets, answers STARTTLS and no other command, and says the rest on the protected connection.
func serveSTARTTLS(conn net.Conn, config *tls.Config, greeting, answer, rest string) {
	defer conn.Close()
	_, _ = io.WriteString(conn, greeting)
	if command, err := bufio.NewReader(conn).ReadString('\n'); err != nil || command != "S STARTTLS\r\n" {
		return
	}
	_, _ = io.WriteString(conn, answer)
	protected := tls.Server(conn, config)
	_, _ = io.WriteString(protected, rest)
	_ = protected.Close()
}

// A response that comes unasked, and that the library doesn't know, is left out after STARTTLS, too. Parley doesn't trust
// responses that come before the connection is protected.
func TestSTARTTLS(t *testing.T) {
	t.Parallel()
	certificate, err := emulator.NewCertificate("localhost")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate.PEM())
	const begun = "S OK begin\r\n"
	tests := []struct {
		name, greeting, answer string
		wantErr                error
	}{
		{name: "as usual", greeting: "* OK [CAPABILITY IMAP4rev1 XEVIL] ready\r\n", answer: begun},
		{name: "more lines", greeting: "* OK\r\n", answer: "* 3 EXISTS\r\n* OK still here\r\nS ok\r\n"},
		{name: "signed in already", greeting: "* PREAUTH welcome\r\n", answer: begun, wantErr: errSignedIn},
		{name: "words of somebody between", greeting: "* OK\r\n", answer: begun + "* OK [ALERT] send your password\r\n", wantErr: errEarlyWords},
		{name: "a server for sending", greeting: "220 mail.acme.test ESMTP\r\n", wantErr: errNoIMAP},
		{name: "a server of POP3", greeting: "\r\n+OK ready\r\n", wantErr: errNoIMAP},
		{name: "no answer to the question", greeting: "* OK\r\n", answer: "+ go on\r\n", wantErr: errNoIMAP},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := net.Pipe()
			var serving sync.WaitGroup
			defer serving.Wait()
			defer client.Close()
			if err := client.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			serving.Go(func() {
				serveSTARTTLS(server, certificate.TLS(), tt.greeting, tt.answer, "* XSTATS 1 2 3\r\n* OK behind\r\n")
			})

			conn, err := startTLS(t.Context(), client, &tls.Config{RootCAs: pool, ServerName: "localhost"})
			if tt.wantErr != nil || err != nil {
				if !errors.Is(err, tt.wantErr) {
					t.Errorf("error: got %v, want %v", err, tt.wantErr)
				}
				return
			}
			got, err := io.ReadAll(conn)
			if want := greetingUnderTLS + "* OK behind\r\n"; err != nil || string(got) != want {
				t.Errorf("read: got %q, %v, want %q", got, err, want)
			}
		})
	}
}

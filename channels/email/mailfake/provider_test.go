package mailfake_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

// startTLS starts a server with TLS, and returns the options of clients that trust it: by STARTTLS, and with TLS from the beginning.
func startTLS(t *testing.T) (s *mailfake.Server, byStartTLS, byTLS []gomail.Option) {
	t.Helper()
	s = start(t, func(o *mailfake.Options) { o.TLS = true })
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CertPEM()) {
		t.Fatal("no certificate")
	}
	trust := gomail.WithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	_, port := hostPort(t, s.SMTPTLSAddr())
	byStartTLS = []gomail.Option{trust, gomail.WithTLSPolicy(gomail.TLSMandatory)}
	byTLS = []gomail.Option{trust, gomail.WithSSL(), gomail.WithPort(port)}
	return s, byStartTLS, byTLS
}

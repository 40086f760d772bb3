package mailfake

import (
	"context"
	"net"

	"parley/channels/emulator"
)

// ports are where clients reach the two servers; all are nil before Start.
type ports struct {
	imapLn, imapTLSLn, smtpLn, smtpTLSLn net.Listener

	cert *emulator.Certificate // nil without TLS
}

// open listens on all ports. Whoever gets an error closes those that are open.
func (p *ports) open(ctx context.Context, o Options) (err error) {
	var lc net.ListenConfig
	if p.imapLn, err = lc.Listen(ctx, "tcp", o.IMAPListen); err != nil {
		return err
	}
	if p.smtpLn, err = lc.Listen(ctx, "tcp", o.SMTPListen); err != nil {
		return err
	}
	if !o.TLS {
		return nil
	}
	if p.cert, err = emulator.NewCertificate(o.Domain); err != nil {
		return err
	}
	if p.imapTLSLn, err = lc.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return err
	}

	p.smtpTLSLn, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	return err
}

func (p *ports) close() {
	for _, ln := range []net.Listener{p.imapLn, p.smtpLn, p.imapTLSLn, p.smtpTLSLn} {
		if ln != nil {
			_ = ln.Close()
		}
	}
}

// IMAPAddr is host:port of the IMAP server; STARTTLS only with Options.TLS.
func (p *ports) IMAPAddr() string { return addrOf(p.imapLn) }

// SMTPAddr is host:port of the SMTP submission server; STARTTLS only with Options.TLS.
func (p *ports) SMTPAddr() string { return addrOf(p.smtpLn) }

// IMAPTLSAddr is host:port of IMAP over TLS (as port 993), empty without Options.TLS.
func (p *ports) IMAPTLSAddr() string { return addrOf(p.imapTLSLn) }

// SMTPTLSAddr is host:port of SMTP over TLS (as port 465), empty without Options.TLS.
func (p *ports) SMTPTLSAddr() string { return addrOf(p.smtpTLSLn) }

// CertPEM is the certificate a client must trust, nil without Options.TLS. It names
// localhost, 127.0.0.1 and Options.Domain.
func (p *ports) CertPEM() []byte { return p.cert.PEM() }

func addrOf(ln net.Listener) string {
	if ln == nil {
		return ""
	}
	return ln.Addr().String()
}

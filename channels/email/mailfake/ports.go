package mailfake

import (
	"context"
	"net"

	"parley/channels/emulator"
)

// ports are the listeners of the IMAP and the SMTP server. Those that aren't open are nil.
type ports struct {
	imapLn, imapTLSLn, smtpLn, smtpTLSLn net.Listener

	cert *emulator.Certificate // nil without TLS
}

// open opens all ports. On an error, the caller must call close, because some may be open.
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

// IMAPAddr returns host:port of the IMAP server, which offers STARTTLS if Options.TLS is set.
func (p *ports) IMAPAddr() string { return addrOf(p.imapLn) }

// SMTPAddr returns host:port of the SMTP server, which offers STARTTLS if Options.TLS is set.
func (p *ports) SMTPAddr() string { return addrOf(p.smtpLn) }

// IMAPTLSAddr returns host:port for IMAP with implicit TLS (usually port 993), or "" if Options.TLS isn't set.
func (p *ports) IMAPTLSAddr() string { return addrOf(p.imapTLSLn) }

// SMTPTLSAddr returns host:port for SMTP with implicit TLS (usually port 465), or "" if Options.TLS isn't set.
func (p *ports) SMTPTLSAddr() string { return addrOf(p.smtpTLSLn) }

// CertPEM returns the certificate that clients must trust, or nil if Options.TLS isn't set. It is valid for localhost,
// 127.0.0.1 and Options.Domain.
func (p *ports) CertPEM() []byte { return p.cert.PEM() }

func addrOf(ln net.Listener) string {
	if ln == nil {
		return ""
	}
	return ln.Addr().String()
}

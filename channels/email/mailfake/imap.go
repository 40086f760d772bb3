package mailfake

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"
)

const delimiter = '/'

// This file implements the sessions of the fake IMAP server: login, selecting a folder, and APPEND. The library handles the
// protocol and calls a method of session for each command. Each method first applies the faults that a test has injected
// (beginCommand), and ends with those that affect the response (endCommand).

// session is one IMAP connection. view is written with ground.mu held, so the session's own goroutine may read it without.
type session struct {
	connection
	conn *imapserver.Conn
	view *view // the selected folder as this client knows it; nil if none is selected
}

var (
	_ imapserver.SessionIMAP4rev2 = (*session)(nil)
	_ imapserver.SessionSASL      = (*session)(nil)
)

func (s *Server) imapOptions(starttls *tls.Config) *imapserver.Options {
	return &imapserver.Options{
		InsecureAuth: true, Logger: quiet{}, TLSConfig: starttls,
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapESearch: {}, imap.CapSearchRes: {},
			imap.CapListExtended: {}, imap.CapListStatus: {}, imap.CapMove: {}, imap.CapStatusSize: {}, imap.CapSpecialUse: {},
		},
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			if !s.enter() {
				return nil, nil, byeError("Shutting down")
			}

			ss := &session{connection: s.newConnection(c.NetConn()), conn: c}
			if _, err := ss.beginCommand(OpIMAPConnect); err != nil {
				s.leave()
				return nil, nil, err
			}

			s.mu.Lock()
			s.sessions[ss] = struct{}{}
			s.mu.Unlock()
			return ss, nil, nil
		},
	}
}

func byeError(text string) error { return &imap.Error{Type: imap.StatusResponseTypeBye, Text: text} }

func noError(code imap.ResponseCode, text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

// badError returns the error for a command that is the client's fault.
func badError(text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeBad, Code: imap.ResponseCodeClientBug, Text: text}
}

// beginCommand applies the faults that precede a command. If it returns an error, the command must not be executed.
func (ss *session) beginCommand(op Op) (hits, error) {
	h := ss.faults.strike(op, ss.address())
	return h, ss.applyFaults(op, h)
}

func (ss *session) applyFaults(op Op, h hits) error {
	if _, ok := h.find(ActionHideIdle); ok {
		ss.fc.hideIdleCapability()
	}
	if err := ss.delayOrDrop(h); err != nil {
		return err
	}

	if f, ok := h.find(ActionBye); ok {
		if op == OpIMAPConnect {
			return byeError(cmp.Or(f.Text, "Too many connections"))
		}
		_ = ss.conn.Bye(cmp.Or(f.Text, "Server shutting down"))
		return net.ErrClosed
	}

	if f, ok := h.find(ActionReply); ok {
		if op == OpIMAPConnect {
			return byeError(cmp.Or(f.Text, "Not now"))
		}
		code := f.ResponseCode
		if op == OpLOGIN {
			code = cmp.Or(code, imap.ResponseCodeAuthenticationFailed)
		}
		return noError(code, cmp.Or(f.Text, "Refused"))
	}

	return nil
}

// Close implements imapserver.Session.
func (ss *session) Close() error {
	ss.world.mu.Lock()
	delete(ss.clients.sessions, ss)
	ss.world.mu.Unlock()
	ss.clients.leave()
	return nil
}

// Login implements imapserver.Session.
func (ss *session) Login(username, password string) error {
	return ss.login(username, password, ss.boxes.isGoodPassword)
}

func (ss *session) login(username, secret string, isGood loginCheck) error {
	h := ss.faults.strike(OpLOGIN, ss.boxes.addressOf(username))
	if err := ss.applyFaults(OpLOGIN, h); err != nil {
		return err
	}
	if !ss.openMailbox(username, secret, isGood) {
		return imapserver.ErrAuthFailed
	}
	ss.endCommand(h)
	return nil
}

// AuthenticateMechanisms implements imapserver.SessionSASL.
func (ss *session) AuthenticateMechanisms() []string { return []string{sasl.Plain, "XOAUTH2"} }

// Authenticate implements imapserver.SessionSASL.
func (ss *session) Authenticate(mech string) (sasl.Server, error) {
	token := func(user, token string) error { return ss.login(user, token, ss.boxes.isGoodToken) }
	srv := saslServer(mech, ss.Login, token, refusals{login: imapserver.ErrAuthFailed, malformed: badError("Malformed SASL response")})
	if srv == nil || strings.EqualFold(mech, sasl.Login) {
		return nil, noError("", "SASL mechanism not supported")
	}
	return srv, nil
}

// Select implements imapserver.Session.
func (ss *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	h, err := ss.beginCommand(OpSELECT)
	if err != nil {
		return nil, err
	}
	if _, ok := h.find(ActionUIDValidity); ok {
		_ = ss.clients.ChangeUIDValidity(ss.acct.address, name) // an unknown folder is refused below
	}
	defer ss.endCommand(h)
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	f := ss.acct.findFolder(name)
	if f == nil {
		return nil, noError(imap.ResponseCodeNonExistent, "No such mailbox")
	}

	ss.view = newViewLocked(f, options.ReadOnly)
	data := &imap.SelectData{
		Flags:       []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft},
		NumMessages: uint32(len(ss.view.known)), UIDNext: f.next, UIDValidity: f.validity,
	}
	isUnseen := func(k seen) bool { return !k.msg.has(imap.FlagSeen) }
	data.FirstUnseenSeqNum = uint32(slices.IndexFunc(ss.view.known, isUnseen) + 1) // 0 if all are seen
	if !options.ReadOnly {
		data.PermanentFlags = append(slices.Clone(data.Flags), imap.FlagWildcard)
	}
	return data, nil
}

// Unselect implements imapserver.Session.
func (ss *session) Unselect() error {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	ss.view = nil
	return nil
}

// Append implements imapserver.Session.
func (ss *session) Append(name string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("mailfake: append: %w", err)
	}

	h, err := ss.beginCommand(OpAPPEND)
	if err != nil {
		return nil, err
	}
	if err := checkFlags(options.Flags); err != nil {
		return nil, err
	}

	defer ss.endCommand(h)
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	f := ss.acct.findFolder(name)
	if f == nil {
		return nil, noError(imap.ResponseCodeTryCreate, "No such mailbox")
	}

	at := options.Time
	if at.IsZero() {
		at = ss.world.clock()
	}
	m := ss.boxes.appendLocked(f, raw, at, options.Flags...)
	return &imap.AppendData{UIDValidity: f.validity, UID: m.uid}, nil
}

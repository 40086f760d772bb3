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

// session is one IMAP connection. acct and view are written under the lock, and read
// without it only by the connection's own goroutines.
type session struct {
	*ground
	boxes   *mailboxes
	clients *clients
	faults  *faults

	conn *imapserver.Conn
	fc   *faultConn
	acct *account
	view *view
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

			ss := &session{ground: s.ground, boxes: s.mailboxes, clients: s.clients, faults: s.faults, conn: c, fc: unwrap(c.NetConn())}
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

func byeError(text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeBye, Text: text}
}

func noError(code imap.ResponseCode, text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

// badError is the answer to a command that no client should send.
func badError(text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeBad, Code: imap.ResponseCodeClientBug, Text: text}
}

// beginCommand lets the faults of a command strike, as far as they come before it. When it
// returns an error, the command must not happen.
func (ss *session) beginCommand(op Op) (hits, error) {
	name := ""
	if ss.acct != nil {
		name = ss.acct.address
	}
	return ss.strike(op, name)
}

func (ss *session) strike(op Op, mailbox string) (hits, error) {
	h := ss.faults.strike(op, mailbox)
	ss.faults.pause(ss.fc, h, ActionDelay)

	if _, ok := h.find(ActionHideIdle); ok {
		ss.fc.hideIdleCapability()
	}
	if _, ok := h.find(ActionDropBefore); ok {
		_ = ss.fc.Close()
		return h, net.ErrClosed
	}

	if f, ok := h.find(ActionBye); ok {
		if op == OpIMAPConnect {
			return h, byeError(cmp.Or(f.Text, "Too many connections"))
		}
		_ = ss.conn.Bye(cmp.Or(f.Text, "Server shutting down"))
		return h, net.ErrClosed
	}

	if f, ok := h.find(ActionReply); ok {
		if op == OpIMAPConnect {
			return h, byeError(cmp.Or(f.Text, "Not now"))
		}
		if op == OpLOGIN && f.Enhanced == "" {
			f.Enhanced = string(imap.ResponseCodeAuthenticationFailed)
		}
		return h, noError(imap.ResponseCode(f.Enhanced), cmp.Or(f.Text, "Refused"))
	}

	return h, nil
}

// endCommand lets the faults strike that spoil only the answer.
func (ss *session) endCommand(h hits) {
	ss.faults.pause(ss.fc, h, ActionDelayAfter)
	if _, ok := h.find(ActionDropAfter); ok {
		_ = ss.fc.Close()
	}
}

// Close implements imapserver.Session.
func (ss *session) Close() error {
	ss.mu.Lock()
	delete(ss.clients.sessions, ss)
	ss.mu.Unlock()
	ss.clients.leave()
	return nil
}

// Login implements imapserver.Session.
func (ss *session) Login(username, password string) error {
	return ss.login(username, func(a *account) bool { return a.cfg.Password != "" && a.cfg.Password == password })
}

func (ss *session) login(username string, allowed func(*account) bool) error {
	h, err := ss.strike(OpLOGIN, ss.boxes.addressOf(username))
	if err != nil {
		return err
	}

	ss.mu.Lock()
	a := ss.boxes.findLoginLocked(username)
	if a == nil || !allowed(a) {
		ss.mu.Unlock()
		return imapserver.ErrAuthFailed
	}

	ss.acct = a
	ss.mu.Unlock()
	ss.endCommand(h)
	return nil
}

// AuthenticateMechanisms implements imapserver.SessionSASL.
func (ss *session) AuthenticateMechanisms() []string { return []string{sasl.Plain, "XOAUTH2"} }

// Authenticate implements imapserver.SessionSASL.
func (ss *session) Authenticate(mech string) (sasl.Server, error) {
	token := func(user, token string) error {
		return ss.login(user, func(a *account) bool { return ss.boxes.isGoodToken(a, user, token) })
	}
	srv := saslServer(mech, ss.Login, token, refusals{login: imapserver.ErrAuthFailed, malformed: badError("Malformed SASL response")})
	if srv == nil || strings.EqualFold(mech, sasl.Login) {
		return nil, noError("", "SASL mechanism not supported")
	}
	return srv, nil
}

// isGoodToken reports whether an access token opens a mailbox.
func (b *mailboxes) isGoodToken(a *account, user, token string) bool {
	if slices.Contains(a.cfg.Tokens, token) {
		return true
	}
	return b.opts.CheckToken != nil && b.opts.CheckToken(user, token)
}

// Select implements imapserver.Session.
func (ss *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	h, err := ss.beginCommand(OpSELECT)
	if err != nil {
		return nil, err
	}

	ss.mu.Lock()
	f := ss.acct.findFolder(name)
	if f == nil {
		ss.mu.Unlock()
		return nil, noError(imap.ResponseCodeNonExistent, "No such mailbox")
	}

	var stale []*session
	if _, ok := h.find(ActionUIDValidity); ok {
		ss.boxes.renumberLocked(f)
		stale = ss.clients.viewingLocked(f)
	}

	ss.view = newViewLocked(f, options.ReadOnly)
	data := &imap.SelectData{
		Flags:       []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft},
		NumMessages: uint32(len(ss.view.known)), UIDNext: f.next, UIDValidity: f.validity,
	}
	for i, k := range ss.view.known {
		if !k.msg.has(imap.FlagSeen) {
			data.FirstUnseenSeqNum = uint32(i + 1)
			break
		}
	}

	ss.mu.Unlock()

	for _, other := range stale {
		_ = other.fc.Close()
	}

	if !options.ReadOnly {
		data.PermanentFlags = append(slices.Clone(data.Flags), imap.FlagWildcard)
	}

	ss.endCommand(h)
	return data, nil
}

// Unselect implements imapserver.Session.
func (ss *session) Unselect() error {
	ss.mu.Lock()
	defer ss.mu.Unlock()
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

	ss.mu.Lock()
	f := ss.acct.findFolder(name)
	if f == nil {
		ss.mu.Unlock()
		return nil, noError(imap.ResponseCodeTryCreate, "No such mailbox")
	}

	at := options.Time
	if at.IsZero() {
		at = ss.clock()
	}

	m := ss.boxes.appendLocked(f, raw, at, options.Flags...)
	data := &imap.AppendData{UIDValidity: f.validity, UID: m.uid}
	ss.mu.Unlock()
	ss.endCommand(h)
	return data, nil
}

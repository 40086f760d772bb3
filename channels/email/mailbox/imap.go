package mailbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"parley/channels/email/settings"
	"parley/channels/email/wire"
)

// stage is how far a session with a mail server had come when it failed.
type stage string

const (
	stageConnect stage = "connect"
	stageTLS     stage = "tls"
	stageLogin   stage = "login"
	stageFolder  stage = "folder"
	stageWork    stage = "work"
)

// stageError is a failure with the stage at which it came.
type stageError struct {
	stage stage
	err   error
}

func (e *stageError) Error() string { return fmt.Sprintf("email: imap: %s: %v", e.stage, e.err) }
func (e *stageError) Unwrap() error { return e.err }

func atStage(s stage, err error) error {
	if err == nil {
		return nil
	}
	return &stageError{s, err}
}

var (
	errHungUp        = errors.New("the server ended the connection")
	errLoginDisabled = errors.New("the server offers no password login on this connection")
	errNoXOAUTH2     = errors.New("the server takes no access tokens")
)

// imapSession is one logged-in connection. The library has no timeouts of its own, so
// every command goes through do.
type imapSession struct {
	client *imapclient.Client
	conn   *watchedConn
	timing Timing
	news   chan struct{} // holds one signal: the folder may have changed
	unhook func() bool   // the end of ctx no longer closes the connection

	opened  string           // the selected folder; "" = none
	folders *outgoingFolders // nil = not asked for yet
	// sentNext is UIDNEXT of the folder of sent mail when it was last searched: as long as it stays the
	// same, there is no new mail. 0 = it has to be searched.
	sentNext imap.UID
	// uidBehind says that the server writes a mail's UID behind its body; see fetch.
	uidBehind bool
}

// openIMAP connects and logs in. The session's connection is closed when ctx ends. An access token that the
// server refuses is replaced once: it may have ended early, by the server's clock.
// Errors: *stageError.
func (c *Mailbox) openIMAP(ctx context.Context) (*imapSession, error) {
	for refused := ""; ; {
		token, err := wire.Token(ctx, c.set, c.env.Grant, refused)
		if err != nil {
			return nil, atStage(stageLogin, err)
		}
		s, err := c.connect(ctx, token)
		var no *wire.TokenRefused
		if refused != "" || !errors.As(err, &no) {
			return s, err
		}
		refused = token
	}
}

// connect connects and logs in, with an access token unless it is "".
// Errors: *stageError.
func (c *Mailbox) connect(ctx context.Context, token string) (*imapSession, error) {
	timing := c.opts.Timing
	arrived, err := c.limits.MayDial(ctx, c.set.IMAP.Host)
	if err != nil {
		return nil, atStage(stageConnect, err)
	}
	defer arrived()
	dialCtx, cancel := context.WithTimeout(ctx, timing.Dial)
	defer cancel()
	raw, err := c.env.Dialer.DialContext(dialCtx, "tcp", c.set.IMAP.Address())
	if err != nil {
		return nil, atStage(stageConnect, err)
	}
	wire.KeepAlive(raw)
	s := &imapSession{conn: &watchedConn{Conn: raw}, timing: timing, news: make(chan struct{}, 1)}
	s.unhook = context.AfterFunc(ctx, func() { _ = raw.Close() })
	disarm := s.conn.arm(timing.Dial, timing.Dial)
	err = c.enter(dialCtx, s, token)
	if silent := disarm() || errors.Is(dialCtx.Err(), context.DeadlineExceeded); silent && err != nil {
		err = fmt.Errorf("%w: %w", wire.ErrSilent, err)
		var se *stageError
		if errors.As(err, &se) {
			err = atStage(se.stage, err)
		}
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// enter starts TLS, waits for the greeting and logs in.
func (c *Mailbox) enter(ctx context.Context, s *imapSession, token string) error {
	config := c.limits.TLS(c.set.IMAP.Host, c.opts.TLS)
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: s.handler()}
	switch c.set.IMAP.Security {
	case settings.TLS:
		conn := tls.Client(s.conn, config)
		if err := conn.HandshakeContext(ctx); err != nil {
			return atStage(stageTLS, err)
		}
		s.client = imapclient.New(conn, options)
	case settings.STARTTLS:
		client, err := imapclient.NewStartTLS(s.conn, options)
		if err != nil {
			return atStage(stageTLS, err)
		}
		s.client = client
	default:
		s.client = imapclient.New(s.conn, options)
	}
	if err := s.client.WaitGreeting(); err != nil {
		return atStage(stageConnect, err)
	}
	if token != "" {
		return atStage(stageLogin, s.present(c.set.IMAP.Username, token))
	}
	return atStage(stageLogin, s.login(c.set.IMAP))
}

// login uses LOGIN, or AUTHENTICATE PLAIN if the server has disabled LOGIN.
func (s *imapSession) login(to settings.Server) error {
	if s.client.State() == imap.ConnStateAuthenticated {
		return nil // PREAUTH
	}
	caps := s.client.Caps()
	if !caps.Has(imap.CapLoginDisabled) {
		return s.client.Login(to.Username, to.Password).Wait()
	}
	if caps.Has(imap.AuthCap(sasl.Plain)) {
		return s.client.Authenticate(sasl.NewPlainClient("", to.Username, to.Password))
	}
	return errLoginDisabled
}

// present signs in with an access token.
// Errors: errNoXOAUTH2, *wire.TokenRefused.
func (s *imapSession) present(username, token string) error {
	if s.client.State() == imap.ConnStateAuthenticated {
		return nil // PREAUTH
	}
	if !s.client.Caps().Has(imap.AuthCap("XOAUTH2")) {
		return errNoXOAUTH2
	}
	x := &wire.XOAUTH2{Username: username, Token: token}
	err := s.client.Authenticate(x)
	if err == nil {
		return nil
	}
	words, asked := x.Refused()
	var no *imap.Error
	if said := errors.As(err, &no); said && !passing(no) || asked && !said {
		if said && no.Text != "" && no.Type == imap.StatusResponseTypeNo {
			words = no.Text
		}
		return &wire.TokenRefused{Words: words, Cause: err}
	}
	return err
}

// handler returns the handler of messages that the server sends unasked. It only sends a signal,
// because a command would wait for the reader on which the handler runs.
func (s *imapSession) handler() *imapclient.UnilateralDataHandler {
	return &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
		if data.NumMessages != nil {
			s.announce()
		}
	}}
}

// announce signals that the selected folder may have changed.
func (s *imapSession) announce() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// do runs commands under the watch of watchedConn: if the server stays silent for Timing.Command, or
// the commands take longer than Timing.Total, the connection is closed, which ends them.
func (s *imapSession) do(run func() error) error {
	disarm := s.conn.arm(s.timing.Command, s.timing.Total)
	err := run()
	if disarm() && err != nil {
		return fmt.Errorf("%w: %w", wire.ErrSilent, err)
	}
	return err
}

// close closes the connection and waits until the library's reader has ended. It sends no LOGOUT,
// because a server that doesn't answer would delay us.
func (s *imapSession) close() {
	s.unhook()
	_ = s.conn.Close()
	if s.client != nil {
		_ = s.client.Close()
	}
}

// logout sends LOGOUT, for a server that has just answered, and closes the connection.
func (s *imapSession) logout() {
	_ = s.do(func() error { return s.client.Logout().Wait() })
	s.close()
}

// examine selects a folder for reading only, so that no mail is marked as seen.
func (s *imapSession) examine(folder string) (*imap.SelectData, error) {
	var data *imap.SelectData
	s.opened = "" // if it fails, no folder is selected
	err := s.do(func() (err error) {
		data, err = s.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	if err == nil {
		s.opened = folder
	}
	return data, err
}

// status asks how many mails a folder has, and for its UIDNEXT, without selecting it.
func (s *imapSession) status(folder string) (*imap.StatusData, error) {
	var data *imap.StatusData
	err := s.do(func() (err error) {
		data, err = s.client.Status(folder, &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true}).Wait()
		return err
	})
	return data, err
}

// maxFound limits how many UIDs are taken from the result of one search.
const maxFound = 1 << 20

// search returns the lowest maxFound UIDs that match, in order.
func (s *imapSession) search(criteria *imap.SearchCriteria) ([]imap.UID, error) {
	var data *imap.SearchData
	err := s.do(func() (err error) {
		data, err = s.client.UIDSearch(criteria, nil).Wait()
		return err
	})
	if err != nil {
		return nil, err
	}
	set, _ := data.All.(imap.UIDSet)
	slices.SortFunc(set, func(a, b imap.UIDRange) int { return cmp.Compare(a.Start, b.Start) })
	var found []imap.UID
	for _, r := range set { // not set.Nums: a server could name a range of four billion UIDs
		for uid := r.Start; uid != 0 && uid <= r.Stop && len(found) < maxFound; uid++ {
			found = append(found, uid)
		}
	}
	return found, nil
}

// refused reports whether the server answered NO or BAD: the connection still works.
func refused(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && no.Type != imap.StatusResponseTypeBye
}

// watchedConn closes itself when nothing is received or sent for a while. It does so only while it is
// armed.
type watchedConn struct {
	net.Conn
	mu      sync.Mutex
	quiet   time.Duration
	timer   *time.Timer // nil = not armed
	expired bool
}

// arm starts the watch: the connection is closed after quiet without a byte, or after total.
// disarm ends the watch and reports whether the connection was closed.
func (w *watchedConn) arm(quiet, total time.Duration) (disarm func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet = quiet
	w.timer = time.AfterFunc(quiet, w.expire)
	whole := time.AfterFunc(total, w.expire)
	return func() bool {
		whole.Stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.timer != nil {
			w.timer.Stop()
			w.timer = nil
		}
		return w.expired
	}
}

func (w *watchedConn) expire() {
	w.mu.Lock()
	if w.timer == nil { // disarmed while the timer fired
		w.mu.Unlock()
		return
	}
	w.expired = true
	w.mu.Unlock()
	_ = w.Close()
}

func (w *watchedConn) moved(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > 0 && w.timer != nil && !w.expired {
		w.timer.Reset(w.quiet)
	}
}

// Read implements net.Conn.
func (w *watchedConn) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.moved(n)
	return n, err
}

// Write implements net.Conn.
func (w *watchedConn) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.moved(n)
	return n, err
}

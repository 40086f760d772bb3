package mailbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"parley/channels/email/settings"
	"parley/channels/email/wire"
)

// stage is how far a session with a mail server had come when it failed. People are told different things by it.
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

// imapSession is one logged-in connection. The library has no timeouts of its own, so every command goes through run.
type imapSession struct {
	client          *imapclient.Client
	conn            *watchedConn
	timing          Timing
	news            chan struct{} // holds at most one signal: the selected folder may have changed
	stopWatchingCtx func() bool   // from then on, the end of ctx doesn't close the connection

	selected string       // the name of the selected folder; "" if none is
	folders  *sentFolders // found by findSentFolders; nil before
	// sentNext was UIDNEXT of the folder of sent mail when that was last searched. As long as UIDNEXT stays
	// the same, there is no new mail. 0 means that the folder has to be searched.
	sentNext          imap.UID
	wantsIntroduction *atomic.Bool // Mailbox.wantsIntroduction
	// uidAfterBody is set when the server was seen to write a mail's UID behind its body; see fetch.
	uidAfterBody bool
}

// openIMAP connects and logs in. The session's connection is closed when ctx ends. If the server refuses an
// access token, openIMAP tries once more with a new one: the token may have ended early, by the server's clock.
// Errors: *stageError.
func (c *Mailbox) openIMAP(ctx context.Context) (*imapSession, error) {
	token, err := wire.Token(ctx, c.set, c.env.Grant, "")
	if err != nil {
		return nil, atStage(stageLogin, err)
	}

	s, err := c.connect(ctx, token)
	var refused *wire.TokenRefused
	if !errors.As(err, &refused) {
		return s, err
	}

	token, err = wire.Token(ctx, c.set, c.env.Grant, token)
	if err != nil {
		return nil, atStage(stageLogin, err)
	}

	return c.connect(ctx, token)
}

// connect connects and logs in: with the access token, or with the account's password if token is "".
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
	s := &imapSession{conn: &watchedConn{Conn: raw}, timing: timing, news: make(chan struct{}, 1),
		wantsIntroduction: &c.wantsIntroduction}
	s.stopWatchingCtx = context.AfterFunc(ctx, func() { _ = raw.Close() })
	disarm := s.conn.arm(timing.Dial, timing.Dial)
	err = c.greetAndLogin(dialCtx, s, token)
	timedOut := disarm() || errors.Is(dialCtx.Err(), context.DeadlineExceeded)

	if err == nil {
		if c.wantsIntroduction.Load() {
			s.introduce()
		}
		return s, nil
	}

	s.close()

	if !timedOut {
		return nil, err
	}

	silent := fmt.Errorf("%w: %w", wire.ErrSilent, err)
	if failed, ok := errors.AsType[*stageError](err); ok {
		return nil, atStage(failed.stage, silent) // the stage stays outermost
	}

	return nil, silent
}

// greetAndLogin starts TLS, waits for the greeting and logs in.
func (c *Mailbox) greetAndLogin(ctx context.Context, s *imapSession, token string) error {
	config := c.limits.TLS(c.set.IMAP.Host, c.opts.TLS)
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: s.unsolicitedHandler()}
	switch c.set.IMAP.Security {
	case settings.TLS:
		conn := tls.Client(s.conn, config)
		if err := conn.HandshakeContext(ctx); err != nil {
			return atStage(stageTLS, err)
		}
		s.client = imapclient.New(newLenientConn(conn), options)
	case settings.STARTTLS:
		conn, err := startTLS(ctx, s.conn, config)
		if err != nil {
			return atStage(stageTLS, err)
		}
		s.client = imapclient.New(conn, options)
	default:
		s.client = imapclient.New(newLenientConn(s.conn), options)
	}

	if err := s.client.WaitGreeting(); err != nil {
		return atStage(stageConnect, err)
	}
	if token != "" {
		return atStage(stageLogin, s.loginByToken(c.set.IMAP.Username, token))
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

// loginByToken signs in with an access token.
// Errors: errNoXOAUTH2, *wire.TokenRefused.
func (s *imapSession) loginByToken(username, token string) error {
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

	// A server may refuse a token in two ways: by the answer to AUTHENTICATE, and before that in the exchange itself.
	words, refusedInExchange := x.Refusal()
	var answer *imap.Error
	if !errors.As(err, &answer) {
		if refusedInExchange {
			return &wire.TokenRefused{Words: words, Cause: err}
		}
		return err
	}

	if isTemporary(answer) {
		return err
	}
	if answer.Text != "" && answer.Type == imap.StatusResponseTypeNo {
		words = answer.Text
	}

	return &wire.TokenRefused{Words: words, Cause: err}
}

// unsolicitedHandler returns the handler of messages that the server sends unasked. The handler only signals,
// because it runs on the library's reader: a command would wait for that reader for ever.
func (s *imapSession) unsolicitedHandler() *imapclient.UnilateralDataHandler {
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

// run runs commands under the watch of watchedConn: if the server stays silent for Timing.Command, or
// the commands take longer than Timing.Total, the connection is closed, which ends the commands.
func (s *imapSession) run(commands func() error) error {
	disarm := s.conn.arm(s.timing.Command, s.timing.Total)
	err := commands()
	if disarm() && err != nil {
		return fmt.Errorf("%w: %w", wire.ErrSilent, err)
	}
	return err
}

// close closes the connection and waits until the library's reader has ended. It sends no LOGOUT,
// because a server that doesn't answer would delay us.
func (s *imapSession) close() {
	s.stopWatchingCtx()
	_ = s.conn.Close()
	if s.client != nil {
		_ = s.client.Close()
	}
}

// logout sends LOGOUT, for a server that has just answered, and closes the connection.
func (s *imapSession) logout() {
	_ = s.run(func() error { return s.client.Logout().Wait() })
	s.close()
}

// folderStatus asks how many mails a folder has, and for its UIDNEXT, without selecting it.
func (s *imapSession) folderStatus(folder string) (*imap.StatusData, error) {
	var data *imap.StatusData
	err := s.run(func() (err error) {
		data, err = s.client.Status(folder, &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true}).Wait()
		return err
	})
	return data, err
}

// maxFound is how many UIDs of the result of one search are used. Of new mail, later rounds fetch the rest.
const maxFound = 1 << 20

// search returns the lowest maxFound UIDs that match, in order.
func (s *imapSession) search(criteria *imap.SearchCriteria) ([]imap.UID, error) {
	var data *imap.SearchData
	err := s.run(func() (err error) {
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
		for uid := r.Start; uid != 0 && uid <= r.Stop; uid++ {
			if len(found) == maxFound {
				return found, nil
			}
			found = append(found, uid)
		}
	}

	return found, nil
}

// isRefusal reports whether the server answered NO or BAD: the connection still works.
func isRefusal(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && no.Type != imap.StatusResponseTypeBye
}

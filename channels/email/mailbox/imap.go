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

	"parley/channels/email/message"
)

// This file opens an IMAP session: a connection that is logged in. It also has the helpers that all commands use. The
// library has no timeouts, so each command must be run with imapSession.run.

// stage is how far a session had come when it failed. The explanation for people depends on it (explain.go).
type stage string

const (
	stageConnect stage = "connect"
	stageTLS     stage = "tls"
	stageLogin   stage = "login"
	stageFolder  stage = "folder"
	stageWork    stage = "work"
)

// stageError is a failure with the stage at which it happened.
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

// imapSession is one logged-in connection. It is not safe for concurrent use, except for announce.
type imapSession struct {
	client          *imapclient.Client
	conn            *watchedConn
	timing          Timing
	news            chan struct{} // holds at most one signal: the selected folder may have changed
	stopWatchingCtx func() bool   // detaches the connection from the context that closes it

	selected string       // the name of the selected folder; "" if there is none
	folders  *sentFolders // cached by findSentFolders; may be nil
	// sentNext is the UIDNEXT of the Sent folder at its last search. As long as UIDNEXT is the same, there is no new
	// mail. 0 means that the folder must be searched.
	sentNext          imap.UID
	wantsIntroduction *atomic.Bool // Mailbox.wantsIntroduction
	uidAfterBody      bool         // the server writes the UID of a mail after its body; see fetch
}

// openIMAP connects and logs in. When ctx ends, the connection is closed. If the server refuses an access token,
// openIMAP tries once more with a new one, because the token may have expired early by the server's clock.
// All errors are of type *stageError.
func (box *Mailbox) openIMAP(ctx context.Context) (*imapSession, error) {
	token, err := Token(ctx, box.set, box.env.Grant, "")
	if err != nil {
		return nil, atStage(stageLogin, err)
	}

	s, err := box.connect(ctx, token)
	var refused *TokenRefused
	if !errors.As(err, &refused) {
		return s, err
	}

	token, err = Token(ctx, box.set, box.env.Grant, token)
	if err != nil {
		return nil, atStage(stageLogin, err)
	}

	return box.connect(ctx, token)
}

// connect connects and logs in with an access token or, if token is "", with the account's password.
func (box *Mailbox) connect(ctx context.Context, token string) (*imapSession, error) {
	timing := box.opts.Timing
	dialDone, err := box.limits.ReserveLogin(ctx, box.set.IMAP.Host)
	if err != nil {
		return nil, atStage(stageConnect, err)
	}
	defer dialDone()
	dialCtx, cancel := context.WithTimeout(ctx, timing.Dial)
	defer cancel()
	raw, err := box.env.Dialer.DialContext(dialCtx, "tcp", box.set.IMAP.Address())
	if err != nil {
		return nil, atStage(stageConnect, err)
	}

	KeepAlive(raw)
	s := &imapSession{conn: &watchedConn{Conn: raw}, timing: timing, news: make(chan struct{}, 1),
		wantsIntroduction: &box.wantsIntroduction}
	s.stopWatchingCtx = context.AfterFunc(ctx, func() { _ = raw.Close() })
	disarm := s.conn.arm(timing.Dial, timing.Dial)
	err = box.greetAndLogin(dialCtx, s, token)
	timedOut := disarm() || errors.Is(dialCtx.Err(), context.DeadlineExceeded)
	if err != nil {
		s.close()
	}
	switch {
	case err == nil:
		if box.wantsIntroduction.Load() {
			s.introduce()
		}
		return s, nil
	case timedOut:
		return nil, asSilence(err)
	default:
		return nil, err
	}
}

// asSilence wraps an error that a timeout caused in wire.ErrSilent. The stage stays outermost.
func asSilence(err error) error {
	silent := fmt.Errorf("%w: %w", ErrSilent, err)
	if failed, ok := errors.AsType[*stageError](err); ok {
		return atStage(failed.stage, silent)
	}
	return silent
}

// greetAndLogin starts TLS as configured, waits for the greeting and logs in.
func (box *Mailbox) greetAndLogin(ctx context.Context, s *imapSession, token string) error {
	config := box.limits.TLS(box.set.IMAP.Host, box.opts.TLS)
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: s.unsolicitedHandler()}
	switch box.set.IMAP.Security {
	case message.TLS:
		conn := tls.Client(s.conn, config)
		if err := conn.HandshakeContext(ctx); err != nil {
			return atStage(stageTLS, err)
		}
		s.client = imapclient.New(newLenientConn(conn), options)
	case message.STARTTLS:
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
		return atStage(stageLogin, s.loginByToken(box.set.IMAP.Username, token))
	}

	return atStage(stageLogin, s.login(box.set.IMAP))
}

// login logs in by password: with LOGIN, or with AUTHENTICATE PLAIN if the server has disabled LOGIN.
func (s *imapSession) login(server message.Server) error {
	if s.client.State() == imap.ConnStateAuthenticated {
		return nil // PREAUTH
	}
	caps := s.client.Caps()
	if !caps.Has(imap.CapLoginDisabled) {
		return s.client.Login(server.Username, server.Password).Wait()
	}
	if caps.Has(imap.AuthCap(sasl.Plain)) {
		return s.client.Authenticate(sasl.NewPlainClient("", server.Username, server.Password))
	}
	return errLoginDisabled
}

// loginByToken logs in with an access token. If the server refuses the token, the error is *wire.TokenRefused.
func (s *imapSession) loginByToken(username, token string) error {
	if s.client.State() == imap.ConnStateAuthenticated {
		return nil // PREAUTH
	}
	if !s.client.Caps().Has(imap.AuthCap("XOAUTH2")) {
		return errNoXOAUTH2
	}

	exchange := &XOAUTH2{Username: username, Token: token}
	err := s.client.Authenticate(exchange)
	if err == nil {
		return nil
	}

	// A server may refuse a token within the exchange, or in its final response to AUTHENTICATE.
	words, refusedInExchange := exchange.Refusal()
	var answer *imap.Error
	if !errors.As(err, &answer) {
		if refusedInExchange {
			return &TokenRefused{Words: words, Cause: err}
		}
		return err
	}

	if isTemporary(answer) {
		return err
	}
	if answer.Text != "" && answer.Type == imap.StatusResponseTypeNo {
		words = answer.Text
	}

	return &TokenRefused{Words: words, Cause: err}
}

// unsolicitedHandler returns the handler of notifications from the server. It only signals, because it runs on the
// library's reader goroutine: a command would wait for that reader for ever.
func (s *imapSession) unsolicitedHandler() *imapclient.UnilateralDataHandler {
	return &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
		if data.NumMessages != nil {
			s.announce()
		}
	}}
}

// announce signals that the selected folder may have changed. It never blocks.
func (s *imapSession) announce() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// run runs commands with timeouts: if the server is silent for Timing.Command, or if the commands take longer than
// Timing.Total, it closes the connection, which makes the commands fail, and returns wire.ErrSilent.
func (s *imapSession) run(commands func() error) error {
	disarm := s.conn.arm(s.timing.Command, s.timing.Total)
	err := commands()
	if disarm() && err != nil {
		return fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return err
}

// close closes the connection and waits for the library's reader to end. It sends no LOGOUT, because an unresponsive
// server would delay us.
func (s *imapSession) close() {
	s.stopWatchingCtx()
	_ = s.conn.Close()
	if s.client != nil {
		_ = s.client.Close()
	}
}

// logout sends LOGOUT, which is for a server that has just responded, and closes the connection.
func (s *imapSession) logout() {
	_ = s.run(func() error { return s.client.Logout().Wait() })
	s.close()
}

// folderStatus returns the number of mails in a folder, its UIDNEXT and its UIDVALIDITY, without selecting it.
func (s *imapSession) folderStatus(folder string) (*imap.StatusData, error) {
	var data *imap.StatusData
	err := s.run(func() (err error) {
		data, err = s.client.Status(folder, &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true}).Wait()
		return err
	})
	return data, err
}

// maxFound is the maximum number of UIDs that one search returns. Further new mail is found by a later search.
const maxFound = 1 << 20

// search returns the UIDs of matching mails in ascending order, at most the lowest maxFound.
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
	for _, r := range set { // set.Nums would expand a range of four billion UIDs, which a server could send
		for uid := r.Start; uid != 0 && uid <= r.Stop; uid++ {
			if len(found) == maxFound {
				return found, nil
			}
			found = append(found, uid)
		}
	}

	return found, nil
}

// isRefusal reports whether the server responded NO or BAD to a command: the connection still works.
func isRefusal(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && no.Type != imap.StatusResponseTypeBye
}

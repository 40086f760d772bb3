package web

import (
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A request passes these checks, in answer, before the handler of its page (Route.Do) sees it:
//
//	is the session valid, were there too many requests, must somebody sign in, is the role enough, is the form text
//
// The first check that fails answers the request with a page that says why. Requests of programs go to withToken
// instead.

// Bounds of one request.
const (
	pageTimeout   = 30 * time.Second
	streamTimeout = 30 * time.Minute // for an answer that streams, or for its next piece
	maxNextBytes  = 1000             // bytes of an address that is remembered while somebody signs in
	maxFormBytes  = 1 << 20          // bytes of a form that are kept in memory
	maxFilesBytes = 12 << 20         // bytes of a form with its files
)

// guardRoute returns the handler of a route. It lets in only those who may use the route, limits how often they send something,
// reads the form, and logs errors. Route.Do does the rest.
func (s *Site) guardRoute(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !route.Streams && !route.Reads {
			ctx, cancel := context.WithTimeout(r.Context(), pageTimeout)
			defer cancel()
			r = r.WithContext(ctx)
		}

		v := &Visit{
			Request:  r,
			Writer:   w,
			site:     s,
			sessions: s.sessionsOf(r),
			area:     route.area,
			textOnly: isForPrograms(r.URL.Path),
		}
		defer v.removeFiles()

		if err := s.answer(v, route); err != nil { //nolint:contextcheck // a Visit has its request's context
			s.answerFailure(v, route, err) //nolint:contextcheck // as above
		}
	})
}

// answerFailure logs why a page failed, and tells the visitor that it did. Something may have been changed before the
// failure, so it doesn't promise that nothing was.
func (s *Site) answerFailure(v *Visit, route Route, err error) {
	_, isBrokenOff := errors.AsType[brokenOffError](err)
	over := v.Context().Err()
	isCancelled := errors.Is(err, context.Canceled) && errors.Is(over, context.Canceled)
	if isCancelled || isBrokenOff && over != nil {
		panic(http.ErrAbortHandler) // the browser went away, which is no fault
	}

	s.opt.Log.Error("site: page failed", "pattern", route.Pattern, "error", err)
	if isBrokenOff {
		panic(http.ErrAbortHandler)
	}

	hint := "Look at the page again before you repeat anything; Parley's log says why it failed."
	if v.Request.Method == http.MethodGet {
		hint = "Try again in a moment; Parley's log says why it failed."
	}
	if v.Refuse(http.StatusInternalServerError, failed, hint) != nil {
		http.Error(v.Writer, failed+" "+hint, http.StatusInternalServerError)
	}
}

const failed = "Something went wrong here."

// brokenOffError is an error after which nothing more can be answered: see BrokenOff.
type brokenOffError struct{ error }

// Unwrap returns why.
func (e brokenOffError) Unwrap() error { return e.error }

// BrokenOff marks an error of a handler that has sent a part of a file already. The connection is then cut, so that
// nobody takes the part for the whole file.
func BrokenOff(err error) error { return brokenOffError{err} }

// answer answers a visit with its page, or says why it doesn't.
func (s *Site) answer(v *Visit, route Route) error {
	if route.Token != nil {
		return s.withToken(v, route)
	}

	person, err := v.loadPerson()
	v.Person = person // even with an error: the page that says so has this person's menu
	if err != nil {
		return err
	}
	if mustWait := s.limits.countVisit(v); mustWait {
		return slowDown(v)
	}
	if route.For != Anyone && v.Person.ID == 0 {
		return v.signInFirst(route)
	}
	if !v.Person.mayOpen(route.For) {
		return v.refuseRole(route.For)
	}
	if err := v.readForm(!route.Reads); err != nil {
		return v.refuseUnreadable(err)
	}
	return v.do(route)
}

// do calls the route's handler.
func (v *Visit) do(route Route) error {
	if route.Streams {
		v.GiveTime()
	}
	return route.Do(v)
}

// GiveTime lets the rest of the answer take half an hour from now. Otherwise the server cuts it off after the time that pages have.
func (v *Visit) GiveTime() {
	end := time.Now().Add(streamTimeout)                           //nolint:forbidigo // the connection's clock
	_ = http.NewResponseController(v.Writer).SetWriteDeadline(end) //nolint:errcheck // then the server's deadline stays
}

// removeFiles removes the temporary files of the form that was read. net/http only removes those of its own request, of which
// Request is a copy.
func (v *Visit) removeFiles() {
	if files := v.Request.MultipartForm; files != nil {
		_ = files.RemoveAll() //nolint:errcheck // nothing else can be done
	}
}

// refuseRole answers that a page is for people with more rights.
func (v *Visit) refuseRole(needed Role) error {
	if needed == SuperAdmins && v.Person.Admin {
		return v.Refuse(http.StatusForbidden, "This page is for super-admins.", "Ask one of them to do it, or to make you one.")
	}
	return v.Refuse(http.StatusForbidden, "This page is for admins.", "Ask one of them to do it, or to make you one.")
}

// errNoText means that a request has bytes that are no text, such as invalid UTF-8.
var errNoText = errors.New("web: no text")

// readForm reads the values in the address of a request and, if body is set, those of its form.
// Errors: errNoText, and those of reading.
func (v *Visit) readForm(body bool) error {
	r := v.Request
	if !isText(r.URL.Path) || !AreTexts(r.URL.Query()) {
		return errNoText
	}
	if !body {
		return nil
	}

	maxBytes := int64(maxFilesBytes)
	if v.Person.ID == 0 {
		maxBytes = maxFormBytes
	}
	r.Body = http.MaxBytesReader(v.Writer, r.Body, maxBytes) // with every method, since ParseMultipartForm reads each body
	if err := r.ParseForm(); err != nil {                    // ParseMultipartForm would ignore this error
		return err
	}
	err := r.ParseMultipartForm(maxFormBytes)
	if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	if !AreTexts(r.Form) {
		return errNoText
	}
	return nil
}

// AreTexts reports whether the names and values of a form are texts that the database can store.
func AreTexts(form url.Values) bool {
	for name, values := range form {
		if !isText(name) || slices.ContainsFunc(values, func(value string) bool { return !isText(value) }) {
			return false
		}
	}
	return true
}

// isText reports whether the database can store a text.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// refuseUnreadable answers a request that could not be read.
func (v *Visit) refuseUnreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) || errors.Is(err, multipart.ErrMessageTooLarge) {
		return v.Refuse(http.StatusRequestEntityTooLarge, "That was too much.", "Send a shorter text or a smaller file.")
	}
	return v.Refuse(http.StatusBadRequest, "This can't be read.", "It has characters that aren't text. Reload the page and type it again.")
}

// notSaved is what people read who send a form after their session has ended.
const notSaved = "You are signed out, so nothing was saved."

// signInFirst answers a request that nobody is signed in for:
//
//	a page                                to the sign-in page, and later back
//	a script, stream or picture of one    refused: it can't sign in, and isn't what the person asked for
//	a form                                refused, since a browser that goes elsewhere forgets what was typed
//	a form in a frame of a chat's client  to the sign-in page, because nobody can sign in beside it
func (v *Visit) signInFirst(route Route) error {
	destination := v.Request.Header.Get("Sec-Fetch-Dest") // browsers send it since 2023
	isPage := slices.Contains([]string{"document", "iframe", "frame"}, destination)
	if destination != "" && !isPage {
		return v.Refuse(http.StatusUnauthorized, "Nobody is signed in here.", "Reload the page, and sign in.")
	}
	isForm := v.Request.Method != http.MethodGet && v.Request.Method != http.MethodHead
	if isForm && !v.isFramed() {
		return v.Refuse(http.StatusUnauthorized, notSaved,
			"Sign in in another tab. Then reload this page here: the browser still has what you typed, and sends it again.")
	}

	if isForm {
		v.shortenSession()
		return v.GoWithText(signInPath, notSaved)
	}

	mayBePage := isPage || !route.Streams
	next := v.Request.URL.RequestURI()
	if mayBePage && len(next) <= maxNextBytes {
		v.shortenSession()
		v.sessions.Put(v.Context(), nextKey, OwnPath(next))
	}
	return v.Go(signInPath)
}

// listMenu lists all entries of the menu in their order.
func (s *Site) listMenu() (list []Link) {
	for _, a := range s.opt.Areas {
		list = append(list, a.Menu...)
	}
	slices.SortStableFunc(list, func(a, b Link) int { return a.Rank - b.Rank })
	return list
}

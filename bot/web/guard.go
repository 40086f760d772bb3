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

// Every request passes these checks before the handler of its route (Route.Do) is called. The first that fails responds
// with a page that says why:
//
//	session     is it valid, and whose is it?
//	rate limit  has this visitor sent too many requests?
//	sign-in     does the route need a signed-in person?
//	role        may this person use the route?
//	form        is it small enough, and valid text?
//
// Requests of programs, which send an API token, go to withToken instead.

// Limits of one request.
const (
	pageTimeout   = 30 * time.Second
	streamTimeout = 30 * time.Minute // for a streamed response, or until its handler calls GiveTime again
	maxNextBytes  = 1000             // length of a URL to return to after the sign-in
	maxFormBytes  = 1 << 20          // size of a form in memory
	maxFilesBytes = 12 << 20         // size of a form with its files
)

// guardRoute returns the http.Handler of a route: the checks above, Route.Do, and the logging of its errors.
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

// isByLeaving reports whether an error only means that the client of a request has disconnected.
func isByLeaving(request context.Context, err error) bool {
	return errors.Is(err, context.Canceled) && errors.Is(request.Err(), context.Canceled)
}

// answerFailure logs an error of a handler and responds with status 500. If the response has already begun, it closes
// the connection. The handler may have changed something before it failed, so the page doesn't claim that nothing was
// changed. An error because the client has disconnected is not logged.
func (s *Site) answerFailure(v *Visit, route Route, err error) {
	_, hasBegun := errors.AsType[brokenOffError](err)
	requestErr := v.Context().Err()
	hasLeft := isByLeaving(v.Context(), err) || hasBegun && requestErr != nil
	if hasLeft {
		panic(http.ErrAbortHandler)
	}

	s.opt.Log.Error("site: page failed", "pattern", route.Pattern, "error", err)
	if hasBegun {
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

// brokenOffError wraps an error that occurred after the response had begun.
type brokenOffError struct{ error }

func (e brokenOffError) Unwrap() error { return e.error }

// BrokenOff marks an error of a handler that has already sent a part of a file. The server then closes the connection,
// so that the client doesn't mistake the part for the whole file.
func BrokenOff(err error) error { return brokenOffError{err} }

// answer makes the checks and calls the handler.
func (s *Site) answer(v *Visit, route Route) error {
	if route.Token != nil {
		return s.withToken(v, route)
	}

	person, err := v.loadPerson()
	v.Person = person // also with an error: the error page has this person's menu
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

// do calls the route's handler, with more time if it streams.
func (v *Visit) do(route Route) error {
	if route.Streams {
		v.GiveTime()
	}
	return route.Do(v)
}

// GiveTime extends the deadline for writing the response to half an hour from now. Without it, the server's timeout for
// pages applies.
func (v *Visit) GiveTime() {
	end := time.Now().Add(streamTimeout)                           //nolint:forbidigo // the connection's clock
	_ = http.NewResponseController(v.Writer).SetWriteDeadline(end) //nolint:errcheck // then the server's deadline stays
}

// removeFiles deletes the temporary files of an uploaded form. net/http does that only for its own request, and
// v.Request may be a copy of it.
func (v *Visit) removeFiles() {
	if files := v.Request.MultipartForm; files != nil {
		_ = files.RemoveAll() //nolint:errcheck // nothing else can be done
	}
}

// refuseRole responds that the person lacks the role.
func (v *Visit) refuseRole(needed Role) error {
	if needed == SuperAdmins && v.Person.Admin {
		return v.Refuse(http.StatusForbidden, "This page is for super-admins.", "Ask one of them to do it, or to make you one.")
	}
	return v.Refuse(http.StatusForbidden, "This page is for admins.", "Ask one of them to do it, or to make you one.")
}

// errNoText is returned for requests with text that the database can't store, such as invalid UTF-8.
var errNoText = errors.New("web: no text")

// readForm parses the query and, if body is set, the form in the body. It returns errNoText, or the error of reading.
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
	r.Body = http.MaxBytesReader(v.Writer, r.Body, maxBytes) // for all methods: ParseMultipartForm reads any body
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

// AreTexts reports whether the database can store all names and values of a form.
func AreTexts(form url.Values) bool {
	for name, values := range form {
		if !isText(name) || slices.ContainsFunc(values, func(value string) bool { return !isText(value) }) {
			return false
		}
	}
	return true
}

// isText reports whether PostgreSQL can store s: valid UTF-8 without NUL.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// refuseUnreadable responds to an error of readForm.
func (v *Visit) refuseUnreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) || errors.Is(err, multipart.ErrMessageTooLarge) {
		return v.Refuse(http.StatusRequestEntityTooLarge, "That was too much.", "Send a shorter text or a smaller file.")
	}
	return v.Refuse(http.StatusBadRequest, "This can't be read.", "It has characters that aren't text. Reload the page and type it again.")
}

// notSaved is shown to people who submit a form after their session has ended.
const notSaved = "You are signed out, so nothing was saved."

// signInFirst responds to a request without a signed-in person. What it does depends on what was requested:
//
//	a page                            redirect to the sign-in page, which leads back afterwards
//	a subresource, such as a picture  refuse: only the page around it can lead to the sign-in
//	a form                            refuse: a redirect would make the browser forget what was typed
//	a form in a frame (a Teams tab)   redirect: there is no second tab in which to sign in
func (v *Visit) signInFirst(route Route) error {
	destination := v.Request.Header.Get("Sec-Fetch-Dest") // "" from browsers older than 2023
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

	mayBePage := isPage || !route.Streams // old browsers don't say; nobody returns to a stream
	next := v.Request.URL.RequestURI()
	if mayBePage && len(next) <= maxNextBytes {
		v.shortenSession()
		v.sessions.Put(v.Context(), nextKey, OwnPath(next))
	}
	return v.Go(signInPath)
}

package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Bounds of one request.
const (
	pageTime  = 30 * time.Second
	mostNext  = 1000     // bytes of an address that is remembered while somebody signs in
	mostForm  = 1 << 20  // bytes of a form that are kept in memory
	mostFiles = 12 << 20 // bytes of a form with its files
)

// guarded answers a route for those who may use it, and nobody else.
func (s *Site) guarded(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !route.Streams {
			ctx, cancel := context.WithTimeout(r.Context(), pageTime)
			defer cancel()
			r = r.WithContext(ctx)
		}
		v := &Visit{Request: r, Writer: w, site: s, area: route.area}
		if err := s.answer(v, route); err != nil { //nolint:contextcheck // a Visit has its request's context
			s.opt.Log.Error("site: page failed", "pattern", route.Pattern, "error", err)
			if v.Refuse(http.StatusInternalServerError, //nolint:contextcheck // as above
				"Something went wrong here.",
				"Nothing was changed. Try again in a moment; Parley's log says why it failed.") != nil {
				http.Error(w, "Something went wrong here. Try again in a moment.", http.StatusInternalServerError)
			}
		}
	})
}

// answer lets a visit through to its page, or says why not.
func (s *Site) answer(v *Visit, route Route) (err error) {
	if v.Person, err = v.person(); err != nil {
		return err
	}
	if wait := s.limits.wait(v); wait > 0 {
		v.Writer.Header().Set("Retry-After", wait.String())
		return v.Refuse(http.StatusTooManyRequests, "Too much at once.", "Wait a minute, then send it again.")
	}
	switch {
	case route.For == Anyone:
	case v.Person.ID == 0:
		return v.signInFirst()
	case route.For == Admins && !v.Person.Admin:
		return v.Refuse(http.StatusForbidden, "This page is for admins.", "Ask one of them, or to become one.")
	}
	if v.Request.Method == http.MethodPost {
		most := int64(mostFiles)
		if v.Person.ID == 0 {
			most = mostForm
		}
		v.Request.Body = http.MaxBytesReader(v.Writer, v.Request.Body, most)
		if !readsForm(v.Request) {
			return v.Refuse(http.StatusRequestEntityTooLarge, "That was too much.", "Send a shorter text or a smaller file.")
		}
		if files := v.Request.MultipartForm; files != nil {
			defer func() { _ = files.RemoveAll() }()
		}
	}
	return route.Do(v)
}

// readsForm reads the form of a request; false if it is too large or broken.
func readsForm(r *http.Request) bool {
	err := r.ParseMultipartForm(mostForm)
	return err == nil || errors.Is(err, http.ErrNotMultipart)
}

// signInFirst sends somebody to the sign-in page, and after it back to the page that was asked for.
func (v *Visit) signInFirst() error {
	if next := v.Request.URL.RequestURI(); v.Request.Method == http.MethodGet && len(next) <= mostNext {
		v.keepShortly()
		v.site.sessions.Put(v.Context(), nextKey, OwnPath(next))
	}
	return v.Go(signInPath)
}

// menu lists all entries of the menu in their order.
func (s *Site) menu() (list []Link) {
	for _, a := range s.opt.Areas {
		list = append(list, a.Menu...)
	}
	slices.SortStableFunc(list, func(a, b Link) int { return a.Rank - b.Rank })
	return list
}

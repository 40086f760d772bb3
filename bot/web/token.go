package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Programs, such as a script that fetches figures every night, call endpoints below /api/ with an API token in the header
// "Authorization: Bearer parley_…". Admins create tokens on the page of tokens*.go. A token has one scope, and the
// rights of the person who created it. It doesn't open the pages for people.

// Scope is what a token may be used for.
type Scope string

// Scopes.
const (
	ScopeFigures Scope = "figures" // figures as CSV
	ScopeLog     Scope = "log"     // the log as CSV
	ScopeSetup   Scope = "setup"   // the configuration, without secrets
	ScopeApply   Scope = "apply"   // to read and to change the configuration
)

// Role returns the role that is needed for a scope.
func (s Scope) Role() Role {
	if s == ScopeApply {
		return SuperAdmins
	}
	return Admins
}

// OpenTo reports whether a person has the role for a scope.
func (s Scope) OpenTo(p Person) bool { return p.mayOpen(s.Role()) }

// Holder describes a valid token.
type Holder struct {
	Token int64  // its id
	Name  string // its name, which appears in the log
	Scope Scope
	Maker Person // who created it
}

// ErrNoToken means that a token is unknown, revoked or expired.
var ErrNoToken = errors.New("web: no such token")

// ByToken marks a route that requires a token instead of a session.
type ByToken struct {
	Scopes []Scope // a token needs one of these
}

// withToken checks the token of a request and calls the route's handler. Refusals are plain text, not pages. The rate
// limit is checked twice: before the lookup by address, and after it by token.
func (s *Site) withToken(v *Visit, route Route) error {
	v.textOnly = true
	if mustWait := s.limits.countLookUp(v); mustWait {
		return slowDown(v)
	}

	kind, token, _ := strings.Cut(v.Request.Header.Get("Authorization"), " ")
	var holder Holder
	err := ErrNoToken
	if strings.EqualFold(kind, "Bearer") && s.opt.Tokens != nil {
		holder, err = s.opt.Tokens(v.Context(), strings.TrimSpace(token))
	}
	if err != nil && !errors.Is(err, ErrNoToken) {
		return err
	}
	if mustWait := s.limits.countProgram(v, holder.Token); mustWait {
		return slowDown(v)
	}
	if err != nil {
		v.Writer.Header().Set("WWW-Authenticate", `Bearer realm="Parley"`)
		return v.Refuse(http.StatusUnauthorized, "This needs a token that is valid.",
			"Send the header Authorization: Bearer parley_…; admins make tokens on the page API tokens.")
	}
	if !slices.Contains(route.Token.Scopes, holder.Scope) {
		return v.Refuse(http.StatusForbidden, "This token is for something else.", "Take one with another scope.")
	}
	if !holder.Scope.OpenTo(holder.Maker) {
		return v.Refuse(http.StatusForbidden, "Who made this token may not do this any more.", "Have another one made.")
	}

	v.Person, v.Token = holder.Maker, holder.Name
	if err := v.readForm(!route.Reads); err != nil {
		return v.refuseUnreadable(err)
	}

	return v.do(route)
}

// Tokens looks up a token. It returns ErrNoToken if the token isn't valid.
type Tokens func(ctx context.Context, token string) (Holder, error)

// programPath is the prefix of all paths for programs. Routes have versionPath; formerAddresses adds the same routes
// without the version.
const (
	programPath = "/api/"
	versionPath = programPath + "v1/"
)

// isForPrograms reports whether a path is for programs, which get plain text instead of pages.
func isForPrograms(path string) bool { return strings.HasPrefix(path, programPath) }

// formerAddresses returns the routes for programs at their paths before versions were introduced, for old programs:
// /api/log.csv for /api/v1/log.csv.
func formerAddresses(routes []Route) (list []Route) {
	for _, r := range routes {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if name, ok := strings.CutPrefix(path, versionPath); ok {
			r.Pattern = method + " " + programPath + name
			list = append(list, r)
		}
	}
	return list
}

// otherMethods returns routes for all paths for programs that respond to unsupported methods with status 405. Without
// them, the mux's fallback would respond with 404.
func otherMethods(routes []Route) (list []Route) {
	allowed := map[string][]string{} // methods by path
	for _, r := range routes {
		method, path, ok := strings.Cut(r.Pattern, " ")
		if ok && isForPrograms(path) {
			allowed[path] = append(allowed[path], method)
			if method == http.MethodGet { // http.ServeMux serves HEAD, too
				allowed[path] = append(allowed[path], http.MethodHead)
			}
		}
	}

	for path, methods := range allowed {
		allow := strings.Join(methods, ", ")
		list = append(list, Route{Pattern: path, For: Anyone, Reads: true, Do: func(v *Visit) error {
			v.Writer.Header().Set("Allow", allow)
			return v.Refuse(http.StatusMethodNotAllowed, "This address takes no "+v.Request.Method+".", "It takes "+allow+".")
		}})
	}

	return list
}

// writeText responds with plain text.
func (v *Visit) writeText(status int, text string) error {
	v.Writer.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.Writer.WriteHeader(status)
	_, _ = v.Writer.Write([]byte(text + "\n")) //nolint:gosec // it is plain text, and nosniff
	return nil
}

package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Programs, such as a script that fetches figures every night, ask at addresses below /api/ without a person. They
// send the header "Authorization: Bearer parley_…" with a token that an admin made. A token is for one purpose, its
// scope, and acts for the person who made it. It opens none of the pages for people. Package tokens has the page that
// makes tokens.

// Scope is what a token of a program is for.
type Scope string

// Scopes.
const (
	ScopeFigures Scope = "figures" // figures as CSV
	ScopeLog     Scope = "log"     // the log as CSV
	ScopeSetup   Scope = "setup"   // the set-up, without secrets
	ScopeApply   Scope = "apply"   // to read and to change the set-up
)

// Role returns the role whose tokens may have the scope.
func (s Scope) Role() Role {
	if s == ScopeApply {
		return SuperAdmins
	}
	return Admins
}

// OpenTo reports whether a person may use what the scope opens.
func (s Scope) OpenTo(p Person) bool { return p.mayOpen(s.Role()) }

// Holder is the program that sent a token.
type Holder struct {
	Token int64
	Name  string // the token's name, which the log shows
	Scope Scope
	Maker Person // who made it
}

// ErrNoToken means that a token is not known, was revoked, or has expired.
var ErrNoToken = errors.New("web: no such token")

// ByToken marks a route that programs call with a token. No session opens such a route.
type ByToken struct {
	Scopes []Scope // those that open it
}

// withToken answers the request of a program, if its token opens the route. Refusals are plain text, not pages.
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

// Tokens finds who holds a token. Errors: ErrNoToken.
type Tokens func(ctx context.Context, token string) (Holder, error)

// programPath is the prefix of all addresses for programs. Those of routes begin with versionPath; formerAddresses
// adds the same addresses without the version.
const (
	programPath = "/api/"
	versionPath = programPath + "v1/"
)

// isForPrograms reports whether the answers at a path are for programs, as text.
func isForPrograms(path string) bool { return strings.HasPrefix(path, programPath) }

// formerAddresses lists the routes of programs at the addresses that they had first, without a version. Programs still use those.
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

// otherMethods lists routes that refuse, at the addresses of programs, all methods but those of the routes there.
func otherMethods(routes []Route) (list []Route) {
	allowed := map[string][]string{} // methods by path
	for _, r := range routes {
		method, path, ok := strings.Cut(r.Pattern, " ")
		if ok && isForPrograms(path) {
			allowed[path] = append(allowed[path], method)
			if method == http.MethodGet { // which takes both
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

func (v *Visit) writeText(status int, text string) error {
	v.Writer.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.Writer.WriteHeader(status)
	_, _ = v.Writer.Write([]byte(text + "\n")) //nolint:gosec // it is plain text, and nosniff
	return nil
}

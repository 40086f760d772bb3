package graph

import (
	"net/http"
	"strings"

	"parley/bot/teams/teamsfake/entra"
)

// refuseUnknown answers calls that Graph doesn't know, or that the emulator doesn't have.
// Source: issue 764 of github.com/microsoftgraph/msgraph-beta-sdk-python, read 2026-11.
func (s *API) refuseUnknown(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if !s.entra.IsAuthorized(r, entra.ScopeGraph) {
		s.refuseToken(w)
		return
	}

	path := strings.Trim(strings.TrimPrefix(r.URL.Path, "/graph/"), "/")
	version, rest, _ := strings.Cut(path, "/")
	if version != "v1.0" {
		s.refuse(w, http.StatusBadRequest, "BadRequest", "Invalid version: "+version)
		return
	}
	last := rest[strings.LastIndex(rest, "/")+1:]
	s.refuse(w, http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+last+"'.")
}

// refuseToken answers as Graph does without a token that is good for it.
func (s *API) refuseToken(w http.ResponseWriter) {
	s.refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty, has expired or is for another audience.")
}

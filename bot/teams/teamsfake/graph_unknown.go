package teamsfake

import (
	"net/http"
	"strings"
)

// refuseUnknown answers calls that Graph doesn't know, or that the emulator doesn't have.
// Source: issue 764 of github.com/microsoftgraph/msgraph-beta-sdk-python, read 2026-11.
func (api *GraphAPI) refuseUnknown(w http.ResponseWriter, r *http.Request) {
	api.Mu.Lock()
	defer api.Mu.Unlock()
	if !api.entra.IsAuthorized(r, ScopeGraph) {
		api.refuseToken(w)
		return
	}

	path := strings.Trim(strings.TrimPrefix(r.URL.Path, "/graph/"), "/")
	version, rest, _ := strings.Cut(path, "/")
	if version != "v1.0" {
		api.refuse(w, http.StatusBadRequest, "BadRequest", "Invalid version: "+version)
		return
	}
	last := rest[strings.LastIndex(rest, "/")+1:]
	api.refuse(w, http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+last+"'.")
}

// refuseToken answers as Graph does without a token that is good for it.
func (api *GraphAPI) refuseToken(w http.ResponseWriter) {
	api.refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty, has expired or is for another audience.")
}

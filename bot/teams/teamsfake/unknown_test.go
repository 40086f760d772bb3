package teamsfake_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"parley/bot/teams/teamsfake"
)

// Graph and the connector refuse unknown paths with an error in Microsoft's JSON. They check the token first, then the
// path.
func TestUnknownPaths(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	graph := w.login("https://graph.microsoft.com/.default")
	for _, tt := range []struct {
		name    string
		verb    string
		address string
		token   string
		status  int
		code    string
	}{
		{
			name: "Graph without a token", verb: http.MethodGet, address: w.srv.GraphURL() + "/me/messages",
			status: http.StatusUnauthorized, code: "InvalidAuthenticationToken",
		},
		{
			name: "Graph with the connector's token", verb: http.MethodGet, address: w.srv.GraphURL() + "/me/messages", token: w.token,
			status: http.StatusUnauthorized, code: "InvalidAuthenticationToken",
		},
		{
			name: "Graph", verb: http.MethodGet, address: w.srv.GraphURL() + "/me/messages", token: graph,
			status: http.StatusBadRequest, code: "BadRequest",
		},
		{
			name: "another version of Graph", verb: http.MethodGet, address: w.srv.URL() + "/graph/v9.0/teams", token: graph,
			status: http.StatusBadRequest, code: "BadRequest",
		},
		{
			name: "writing what Graph only shows", verb: http.MethodPost, address: w.srv.GraphURL() + "/teams/" + group, token: graph,
			status: http.StatusBadRequest, code: "BadRequest",
		},
		{
			name: "connector without a token", verb: http.MethodGet, address: w.srv.ServiceURL() + "v3/moon",
			status: http.StatusUnauthorized, code: "Unauthorized",
		},
		{
			name: "connector", verb: http.MethodGet, address: w.srv.ServiceURL() + "v3/moon", token: w.token,
			status: http.StatusNotFound, code: "NotFound",
		},
		{
			name: "connector without a region", verb: http.MethodGet, address: w.srv.URL() + "/connector/v3/conversations", token: w.token,
			status: http.StatusNotFound, code: "NotFound",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := w.request(tt.verb, tt.address, tt.token, "", nil)
			wantEqual(t, "status", status, tt.status)
			var answer obj
			if err := json.Unmarshal(body, &answer); err != nil {
				t.Fatalf("the answer is no JSON: %s", body)
			}
			wantEqual(t, "error code", errorCode(answer), tt.code)
		})
	}
}

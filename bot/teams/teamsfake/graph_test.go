package teamsfake_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

// graph makes a GET as the bot. The path begins after v1.0/, or is a whole address.
func (w *world) graph(token, path string) (status int, answer obj) {
	w.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = w.srv.GraphURL() + "/" + path
	}
	status, got := w.request("GET", path, token, "", nil)
	answer = obj{}
	if json.Unmarshal(got, &answer) != nil {
		answer["raw"] = string(got)
	}
	return status, answer
}

// wantGraph is like graph, and checks the status.
func (w *world) wantGraph(what, token, path string, want int) obj {
	w.t.Helper()
	status, answer := w.graph(token, path)
	if status != want {
		w.t.Errorf("%s: got status %d, want %d; answer %v", what, status, want, answer)
	}
	return answer
}

const inTickets = "teams/" + group + "/channels/" + tickets + "/messages"

// Graph answers only with a token for Graph, for teams in which the app is installed, and if the app may read messages.
func TestGraphRefuses(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	token := w.login("https://graph.microsoft.com/.default")
	for name, x := range map[string]struct {
		path   string
		status int
	}{
		"too many":     {inTickets + "?$top=51", 400},
		"filter":       {inTickets + "?$filter=x", 400},
		"expand":       {inTickets + "?$expand=members", 400},
		"other team":   {"teams/no/channels/" + tickets + "/messages", 404},
		"other place":  {"teams/" + group + "/channels/19:no/messages", 404},
		"escaped":      {"teams/" + group + "/channels/" + url.PathEscape(tickets) + "/messages", 200},
		"unknown root": {inTickets + "/17/replies", 404},
	} {
		w.wantGraph(name, token, x.path, x.status)
	}

	w.wantGraph("the connector's token", w.token, inTickets, http.StatusUnauthorized)
	w.srv.Entra.SetRSC(false)
	refused := w.wantGraph("without permission", token, inTickets, http.StatusForbidden)
	wantEqual(t, "error code without permission", errorCode(refused), "Forbidden")
	w.srv.Entra.SetRSC(true)
	noError(t, w.srv.Admin.Uninstall(w.ctx, team))
	w.wantGraph("not installed", token, inTickets, http.StatusForbidden)
}

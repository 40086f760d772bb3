package teamsfake_test

import (
	"encoding/json"
	"net/http"
)

// discover asks Entra for the addresses of a tenant.
func (w *world) discover(tenant string) (status int, answer obj) {
	w.t.Helper()
	status, body := w.request(http.MethodGet, w.srv.LoginURL()+"/"+tenant+"/v2.0/.well-known/openid-configuration", "", "", nil)
	if err := json.Unmarshal(body, &answer); err != nil {
		w.t.Fatalf("status %d: %s", status, body)
	}
	return status, answer
}

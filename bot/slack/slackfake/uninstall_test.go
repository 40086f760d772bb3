package slackfake_test

import (
	"testing"

	"parley/bot/slack/slackfake"
)

// The app-level token belongs to the app and to none of its installations, so that it opens sockets after the
// app was removed.
func TestAppTokenAfterUninstall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	w.srv.Admin.Uninstall()
	_, _, err := w.api.StartSocketModeContext(w.ctx)
	noError(t, err)
}

package slack

import "testing"

// The directory keeps the ids of channels by their names. These tests check that a renamed channel is found by
// its new name, and that events don't wait while the channels are read.

// A name that changed is known to the next question.
func TestResolveAfterARename(t *testing.T) {
	t.Parallel()
	for _, renamed := range []string{
		`{"type":"channel_rename","channel":{"id":"C0SUPPORT"}}`,
		`{"type":"channel_id_changed","old_channel_id":"C0OLD","new_channel_id":"C0SUPPORT"}`,
	} {
		t.Run(renamed, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.surface.Resolve(w.ctx(), "#support")
			noError(t, err)
			noError(t, w.fake.Admin.RenameChannel(w.channel, "help"))
			w.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":` + renamed + `}`)
			id, err := w.surface.Resolve(w.ctx(), "#help")
			noError(t, err)
			wantEqual(t, "channel", id, w.channel)
		})
	}
}

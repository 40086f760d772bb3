package app_test

import (
	"errors"
	"testing"

	"parley/channels"
	"parley/cmd/parley/app"
)

// If the database is replaced by a standby that lacks the last messages before the channel's position is saved, the
// position isn't saved either. The channel then fetches the messages again, and no mail is missed.
func TestPositionPassesNoMessageThatAStandbyLacks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	kind := newDoves()
	specs := []channels.Spec{kind.spec()}
	env := environment(t)
	db := openDatabase(t, env)
	applyFile(t, db, specs, `
teams: [{name: T, slack_channel: C1}]
accounts: [{name: one, kind: dove, team: T, dove: {number: "111"}}]`)
	start(t, env, db, app.Options{Specs: specs})
	channel := kind.envOf("one")
	accept := func(id string) {
		t.Helper()
		check(t, channel.Accept(ctx, channels.Fact{Owner: "111", ExternalID: id, OrderKey: "kim", Payload: []byte(id)}))
	}
	// loseEvent makes the journal lack a message, as that of a standby does that didn't receive it.
	loseEvent := func(id string) {
		t.Helper()
		must(db.Pool.Exec(ctx, `UPDATE events SET external_id = 'lost' WHERE external_id = $1`, id))(t)
	}

	accept("first")
	check(t, channel.State.Save(ctx, nil, []byte("1")))

	accept("second")
	loseEvent("second")
	if err := channel.State.Save(ctx, []byte("1"), []byte("2")); !errors.Is(err, channels.ErrStateChanged) {
		t.Errorf("the position beyond a lost message: got error %v, want %v", err, channels.ErrStateChanged)
	}
	if got := must(channel.State.Load(ctx))(t); string(got) != "1" {
		t.Errorf("the position after the loss is %q, want %q", got, "1")
	}

	accept("second")
	check(t, channel.State.Save(ctx, []byte("1"), []byte("2")))
}

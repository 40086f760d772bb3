package teams

import (
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

// beginThreadInNewChannel makes a channel, and the thread of the conversation in it. From now on they are those of the world.
func (w *world) beginThreadInNewChannel() {
	w.t.Helper()
	w.channel = w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "New"}).ID
	w.desk.Open(w.channel)
	w.root = w.openThread()
}

// typeWhileGraphFails has Ann type in a new channel while Graph doesn't show it, once among colleagues and once to Parley. reader is
// the replica that reads the channel first when Graph shows it. Then Ann types once more.
func (w *world) typeWhileGraphFails(fail, mend func(), reader *Surface) {
	w.t.Helper()
	fail()
	w.beginThreadInNewChannel()
	w.replyUnheard("he always complains")
	w.replyUnheard("<@bot> reply: We are on it")
	w.advance(time.Second)
	mend()
	noError(w.t, reader.history.catchUp(w.ctx()))
	w.advance(time.Second)
	w.replyUnheard("It is on its way")
	noError(w.t, w.catchUp())
}

// refuseToRead takes away the right to read channels, and grantToRead gives it back.
func (w *world) refuseToRead() { w.fake.Entra.SetRSC(false) }
func (w *world) grantToRead()  { w.fake.Entra.SetRSC(true) }

// What people typed while Graph refused to show a channel stays inside when it shows the channel later, but for what mentions Parley.
func TestTypedWhileRefused(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	w.typeWhileGraphFails(w.refuseToRead, w.grantToRead, w.surface)
	wantList(t, "stored texts", w.acceptedTexts(), []string{"We are on it", "It is on its way"})
}

// This holds also if another replica reads the channel then, which knows only what is stored.
func TestTypedWhileRefusedAndReadByAnotherReplica(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	w.typeWhileGraphFails(w.refuseToRead, w.grantToRead, w.restartedSurface())
	wantList(t, "stored texts", w.acceptedTexts(), []string{"We are on it", "It is on its way"})
}

// What people typed while Graph could not be reached is found.
func TestTypedWhileGraphIsDown(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	fail := func() {
		w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: http.StatusInternalServerError})
	}
	mend := func() { w.fake.ClearFaults() }
	w.typeWhileGraphFails(fail, mend, w.surface)
	wantList(t, "stored texts", w.acceptedTexts(), []string{"he always complains", "We are on it", "It is on its way"})
}

// A refusal that passes says nothing of what was typed before it: what a broken connection missed then is still found.
func TestTypedBeforeARefusal(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	noError(t, w.catchUp())
	w.replyUnheard("It was missed")
	w.advance(time.Second)
	refusal := w.failGraph("graph.*", http.StatusForbidden)
	if err := w.catchUp(); err != nil {
		t.Logf("while Graph refuses: %v", err) // an error is allowed, but not needed
	}
	w.advance(time.Second)
	w.replyUnheard("said among colleagues")
	w.advance(time.Second)
	w.fake.ClearFaults(refusal)

	noError(t, w.catchUp())
	wantList(t, "stored texts", w.acceptedTexts(), []string{"It was missed"})
}

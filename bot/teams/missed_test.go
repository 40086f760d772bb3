package teams

import (
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

// beginThreadInNewChannel makes a channel with a thread of the conversation. They become the channel and the root of
// the world.
func (w *world) beginThreadInNewChannel() {
	w.t.Helper()
	w.channel = w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "New"}).ID
	w.desk.Open(w.channel)
	w.root = w.openThread()
}

// typeWhileGraphFails has Ann type two messages in a new channel while Graph doesn't show it: one to her colleagues,
// and one to Parley. Then Graph shows the channel, and reader is the replica that reads it first. Then Ann types a
// third message.
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

// If Graph refused to show a channel for a while, Parley leaves out what people typed meanwhile, because it may have
// been among colleagues. It takes the messages that mention it.
func TestTypedWhileRefused(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	w.typeWhileGraphFails(w.refuseToRead, w.grantToRead, w.surface)
	wantList(t, "stored texts", w.acceptedTexts(), []string{"We are on it", "It is on its way"})
}

// Parley finds what people typed while Graph could not be reached.
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

package torture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/lab"
)

// Some conversations of a run are ended for good while faults are injected: archived, merged, split, deleted, or by blocking their
// customer. Then both sides go on: an agent types in the old thread, and the customer answers what came from it. Each such conversation
// has a customer of its own, who writes by mail, and a script, whose steps are looked at once a second.

// endingLines are the words by which a thread tells that a conversation was ended, by the command that does so.
func endingLines() map[string]string {
	return map[string]string{
		"archive": "archived this", "merge": "merged this into", "split": "made a conversation of it", "delete": "Deleted by",
		"block": "blocked the customer",
	}
}

const (
	endingsPer     = 40 // conversations for which each command ends one
	orderInterval  = 15 * time.Second
	confirmAfter   = 2 * time.Second
	verbSendThere  = "sendthere" // of the button that sends a text from an old thread where the conversation goes on
	reasonToDelete = "by mistake"
)

// conversationPattern matches a conversation's number on its card.
var conversationPattern = regexp.MustCompile(`#(\d+)`)

// ending is a conversation that is ended by a command.
type ending struct {
	*conversation
	command     string
	later       string    // root of the customer's second thread
	orderedAt   time.Time // when the command was last typed
	isConfirmed bool      // since then
}

// endingStep does something once it is due. It gets all threads, and reports whether the next step follows.
type endingStep func(ctx context.Context, e *ending, threads []Thread) (done bool, err error)

// beginEndings has each command end some conversations at random times of the first half of the flow.
func (d *driver) beginEndings(o Options) {
	commands := []string{"archive", "merge", "split"}
	if _, isSlack := d.platform.(slackPlatform); isSlack { // people confirm these by buttons that nobody else sees
		commands = append(commands, "delete", "block")
	}
	if o.Blind || o.From != "" || o.Upgrade {
		return // an earlier version doesn't have these commands
	}
	for i := range len(commands) * max(1, len(d.conversations)/endingsPer) {
		d.lastNumber++
		for ChatKindOf(d.lastNumber, o.Chats) != ByMail || CopyAddresses(d.lastNumber) != nil {
			d.lastNumber++
		}
		e := &ending{conversation: &conversation{number: d.lastNumber, kind: ByMail, agent: d.traits.Ann, colleague: d.traits.Ben},
			command: commands[i%len(commands)]}
		d.playEnding(e, time.Duration(d.rng.Int64N(int64(o.Flow/2))), d.scriptOf(e.command)) //nolint:mnd // the first half
	}
}

// playEnding looks at a script's first step after some time, and then goes on with it, or with the next.
func (d *driver) playEnding(e *ending, after time.Duration, steps []endingStep) {
	always := func(context.Context) (bool, error) { return true, nil }
	d.waiting.add(after, always, func(ctx context.Context) error {
		if time.Since(d.endingsLookedAt) > lookInterval {
			threads, err := d.platform.ReadThreads(ctx)
			if err != nil {
				return err
			}
			d.endingThreads, d.endingsLookedAt = threads, time.Now()
		}
		done, err := steps[0](ctx, e, d.endingThreads)
		if done {
			steps = steps[1:]
		}
		if err == nil && len(steps) > 0 {
			d.playEnding(e, lookInterval, steps)
		} else if err == nil {
			d.counts.Ended++
		}
		return err
	})
}

// scriptOf returns what people do in a conversation that is ended by a command.
func (d *driver) scriptOf(command string) []endingStep {
	steps := []endingStep{d.customerWrites(false), d.agentReplies, d.replyArrives}
	answers := d.customerWrites(true)
	switch command {
	case "merge":
		return append(steps, d.customerWrites(false), d.secondThread, d.order, answers, d.agentReplies)
	case "split":
		return append(steps, answers, d.messageIsShown, d.order, answers)
	default:
		return append(steps, d.order, d.agentTypesOn, answers)
	}
}

// customerWrites sends a new mail, or one that answers the latest that the customer received.
func (d *driver) customerWrites(answers bool) endingStep {
	return func(ctx context.Context, e *ending, _ []Thread) (bool, error) {
		m := e.nextMarker(Inbound)
		mail := mailfake.Mail{
			From: CustomerAddress(e.number), To: []string{lab.HelpAddress}, Text: d.rng.composeText(m),
			Subject: fmt.Sprintf("Ending %03d-%d", e.number, m.Number),
		}
		d.counts.Mails++
		d.history = append(d.history, Operation{At: time.Now(), Kind: OpWrite, Marker: m, Conversation: e.number, Announced: true})
		if !answers {
			_, err := d.client.SendMail(ctx, mail)
			return true, err
		}
		inbox, err := d.client.ReadFolder(ctx, CustomerAddress(e.number), "INBOX")
		if err != nil {
			return false, err
		}
		return true, d.client.AnswerMail(ctx, mail, inbox[len(inbox)-1].MessageID, mailfake.Plain)
	}
}

// agentReplies types a reply in the first thread. Where it was merged into another one, it is to be sent from there.
func (d *driver) agentReplies(ctx context.Context, e *ending, threads []Thread) (bool, error) {
	i := slices.IndexFunc(threads, func(t Thread) bool { return CustomerOf(t) == e.number })
	if e.root == "" && i < 0 {
		return false, nil
	}
	if e.root == "" {
		e.root = threads[i].Root
	}
	m := e.nextMarker(Outbound)
	d.counts.Replies++
	_, err := d.typeAndRecord(ctx, e.conversation, e.agent, d.traits.Reply(d.rng.composeText(m), m.Number), Operation{Kind: OpPost, Marker: m})
	return true, err
}

func (d *driver) replyArrives(ctx context.Context, e *ending, _ []Thread) (bool, error) {
	return d.client.HasReceived(ctx, ByMail, e.number, Marker{Kind: Outbound, Conversation: e.number, Number: e.markerCount})
}

func (d *driver) messageIsShown(_ context.Context, e *ending, threads []Thread) (bool, error) {
	m := Marker{Kind: Inbound, Conversation: e.number, Number: e.markerCount}
	return slices.ContainsFunc(threads, func(t Thread) bool {
		return t.Root == e.root && slices.ContainsFunc(t.Posts, func(p Post) bool { return slices.Contains(p.Markers, m) })
	}), nil
}

func (d *driver) secondThread(_ context.Context, e *ending, threads []Thread) (bool, error) {
	for _, t := range threads {
		if CustomerOf(t) == e.number && t.Root != e.root {
			e.later = t.Root
		}
	}
	return e.later != "", nil
}

// order types the command, again and again until the thread tells that it was done: it is refused while something is on its way.
func (d *driver) order(ctx context.Context, e *ending, threads []Thread) (bool, error) {
	old := threads[slices.IndexFunc(threads, func(t Thread) bool { return t.Root == e.root })]
	if slices.ContainsFunc(old.Posts, func(p Post) bool { return p.LineKind == endingLines()[e.command] }) {
		d.history = append(d.history, Operation{At: time.Now(), Kind: OpEnd, How: e.command, Conversation: e.number, Root: e.root,
			Marker: Marker{Kind: Inbound, Conversation: e.number, Number: e.markerCount}})
		return true, nil
	}
	slack, isSlack := d.platform.(slackPlatform)
	if since := time.Since(e.orderedAt); since < orderInterval {
		if !isSlack || e.isConfirmed || since < confirmAfter {
			return false, nil
		}
		var err error
		e.isConfirmed, err = slack.confirm(ctx, e.agent, e.root, map[string]string{"block": "block", "delete": "deleteall"}[e.command])
		return false, err
	}
	at, words := *e.conversation, e.command
	switch e.command {
	case "merge":
		at.root, words = e.later, "merge "+conversationPattern.FindString(old.Card)
	case "delete":
		words += " " + reasonToDelete
	}
	e.orderedAt, e.isConfirmed = time.Now(), false
	d.counts.Endings++
	return false, d.typeCommand(ctx, &at, Operation{Kind: OpOrder}, words)
}

// agentTypesOn types in the thread of a conversation that has ended. Nobody gets that, and a line says so.
func (d *driver) agentTypesOn(ctx context.Context, e *ending, _ []Thread) (bool, error) {
	m := e.nextMarker(Internal)
	d.counts.Internal++
	_, err := d.typeAndRecord(ctx, e.conversation, e.agent, d.traits.Reply(d.rng.composeText(m), m.Number), Operation{Kind: OpPost, Marker: m})
	return true, err
}

// confirm clicks the button of a verb in what only the user sees in a thread, and fills in the form that it opens. It reports whether
// there was such a button.
func (s slackPlatform) confirm(ctx context.Context, user, root, verb string) (bool, error) {
	var list []slackfake.Ephemeral
	if err := s.Call(ctx, http.MethodGet, s.Slack+"/_fake/ephemerals?user="+user, nil, &list); err != nil {
		return false, err
	}
	for _, e := range slices.Backward(list) {
		button := ButtonsIn(e.Blocks)[verb]
		if button == "" || e.ThreadTS != root || e.Deleted {
			continue
		}
		var res struct {
			Outcome slackfake.Outcome `json:"outcome"`
		}
		person := s.Slack + "/_fake/person/" + user
		err := s.Call(ctx, http.MethodPost, person+"/click", slackfake.Act{Channel: support, TS: e.TS, Action: button}, &res)
		if err == nil && res.Outcome.View != nil {
			err = s.Call(ctx, http.MethodPost, person+"/submit", slackfake.Act{View: res.Outcome.View.ID,
				Values: map[string][]string{"f:note/v": {reasonToDelete}, "f:sure/v": {"sure"}}}, nil)
		}
		if errors.Is(err, errConflict) { // it has changed meanwhile: the command is typed again
			err = nil
		}
		return true, err
	}
	return false, nil
}

// endings returns the conversations that were ended, by their numbers.
func (h History) endings() map[int]Operation {
	ended := map[int]Operation{}
	for _, op := range h {
		if op.Kind == OpEnd {
			ended[op.Conversation] = op
		}
	}
	return ended
}

// checkEndings checks what only conversations that were ended promise: what was said in a deleted one, and what a blocked customer
// said, is in no thread; of what was typed in an old thread a line tells that it reached nobody. Only the one who typed it sees that
// in the thread of a deleted one.
func checkEndings(v *Verdict, observed Observation, history History) {
	ended := history.endings()
	for _, p := range observed.posts() {
		for _, m := range p.Markers {
			end, isEnded := ended[m.Conversation]
			if !isEnded || p.Author != "" || m.Kind != Inbound {
				continue
			}
			if end.hides(m) {
				v.addViolation(&v.Leaked, "%s is shown at %s, though its conversation was ended by %s", m, p.ID, end.How)
			}
		}
	}
	for _, op := range history {
		end, isEnded := ended[op.Conversation]
		if op.Kind != OpPost || op.Marker.Kind != Internal || !isEnded || end.How == "delete" {
			continue
		}
		if thread, post := observed.findPost(op.ID); post != nil && !post.EventLost && !thread.hasLineAbout(op.Marker) {
			v.addViolation(&v.Lost, "%s was typed in the thread of a conversation that was ended, and no line says that it stays there", op.Marker)
		}
	}
}

// hides reports whether no thread shows a customer's message after its conversation was ended.
func (op Operation) hides(m Marker) bool {
	return op.How == "delete" && m.Number <= op.Marker.Number || op.How == "block" && m.Number > op.Marker.Number
}

package slack

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/manifest"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
	"parley/channels/markdown"
	"parley/channels/pause"
)

// The responder decides what happens on a click, a choice in a menu, a submitted form or a slash command. If the
// person only wants to see something, a window opens and nothing is stored. If it is an action, its payload is stored
// for the engine before Slack gets its answer, and decoded later (decode.go).

// starter checks whether a user may begin a conversation with a customer. open is the conversation that the customer
// has already, if they can have only one; otherwise open.ID is 0.
// Errors: *bridge.Problem, with the Field of the form that is wrong.
type starter interface {
	MayStart(ctx context.Context, user bridge.SurfaceUser, s bridge.Start) (open bridge.Facts, err error)
}

// journal stores facts durably; the engine implements it. Errors: channels.ErrOverloaded; the database's.
type journal interface {
	Accept(ctx context.Context, facts ...channels.Fact) error
}

// answer is what Slack gets back for a request, and what is done after that.
type answer struct {
	payload any // body of the answer; nil means an empty one

	// after runs once Slack has the answer, for example to open a form; nil means that there is nothing to do. It
	// isn't stored, so it is lost if the process ends.
	after func(ctx context.Context)
}

// responder answers clicks, choices, submitted forms and slash commands.
type responder struct {
	*workspace

	journal   journal
	starter   starter
	directory *directory
	windows   *windows
}

// nextFormWait is the delay before a form replaces a waiting window, which Slack has to show first.
const nextFormWait = 700 * time.Millisecond

// envelopeBytes is room in an answer for its own fields, beside the form in it.
const envelopeBytes = 1000

// openWindow returns the answer that is empty and after which a window opens.
func (r *responder) openWindow(self *fact.Self, in *interaction, build buildModal) answer {
	return answer{after: func(ctx context.Context) { r.windows.open(ctx, self, in, build) }}
}

func (r *responder) openForm(self *fact.Self, in *interaction, f formRequest) answer {
	return r.openWindow(self, in, func(ctx context.Context) slackapi.ModalViewRequest { return r.windows.formModal(ctx, self, f) })
}

// isStranger reports whether, by what Slack says, the person belongs to another organisation. A stranger's click is
// stored but does nothing, and no window shows a stranger anything of a conversation.
func isStranger(self *fact.Self, in *interaction) bool {
	return in.findActor(self).Kind != bridge.ActorPerson
}

// strangerProblem tells a stranger why no window opens.
func strangerProblem() *bridge.Problem {
	return &bridge.Problem{Code: "foreign_agent", Text: "By what Slack says, you may belong to another organisation.",
		Hint: "An agent must be a full member of the workspace in which Parley is installed. Ask an admin of that workspace."}
}

// openRefusal returns the answer after which a window tells a stranger why the requested one doesn't open.
func (r *responder) openRefusal(self *fact.Self, in *interaction) answer {
	return r.openWindow(self, in, func(context.Context) slackapi.ModalViewRequest {
		return self.Home.Problem(strangerProblem(), in.findPlace(), "")
	})
}

// storeQuarantined stores a payload that can't be read, with the reason. People can see it; it has no effect.
func (r *responder) storeQuarantined(ctx context.Context, body []byte, reason string) (answer, error) {
	return answer{}, r.journal.Accept(ctx, fact.QuarantinedFact(withoutSecrets(body), reason))
}

// handleInteraction handles an interaction by its type:
//
//	block_suggestion  letters typed into a menu: the answer has the options
//	block_actions     a click: it opens a window or is stored
//	message_action    an entry of a message's menu: likewise
//	view_submission   a form: it is stored unless something in it is wrong
//	shortcut          an entry of the menu beside the message box: a form opens
//	view_closed       a form was closed
func (r *responder) handleInteraction(ctx context.Context, self *fact.Self, in *interaction, body []byte) (answer, error) {
	switch in.Type {
	case "block_suggestion":
		if r.directory.colleagues.wasStranger(string(in.User.ID)) { // Slack isn't asked at each letter
			return answer{payload: blockkit.NoOptions()}, nil
		}
		ctx, cancel := context.WithTimeout(ctx, maxFormDelay)
		defer cancel()
		options, err := r.windows.suggestOptions(ctx, in)
		if err != nil {
			r.log.Warn("slack options failed", "error", err)
		}
		return answer{payload: options}, nil
	case "block_actions":
		return r.handleClick(ctx, self, in, body)
	case "message_action":
		return r.handleMessageShortcut(ctx, self, in, body)
	case "view_submission":
		return r.handleSubmission(ctx, self, in, body)
	case "shortcut":
		return r.handleGlobalShortcut(ctx, self, in, body)
	case "view_closed":
		r.windows.handleClosed(ctx, in)
		return answer{}, nil
	}

	return r.storeQuarantined(ctx, body, "unknown interaction "+markdown.Cut(in.Type, maxQuoted))
}

// handleMessageShortcut handles an entry of a message's menu.
func (r *responder) handleMessageShortcut(ctx context.Context, self *fact.Self, in *interaction, body []byte) (answer, error) {
	verb, ok := shortcutVerb(in.CallbackID)
	if !ok {
		return r.storeQuarantined(ctx, body, "unknown shortcut "+markdown.Cut(in.CallbackID, maxQuoted))
	}

	at := in.findPlace()
	if verb == bridge.VerbUndo || verb == bridge.VerbSend { // these need no form
		return answer{}, r.store(ctx, self, fact.KindInteraction, in.TriggerID, at, body)
	}

	if isStranger(self, in) {
		return r.openRefusal(self, in), nil
	}

	text := ""
	if verb == bridge.VerbNote && in.Message != nil {
		named := r.directory.withNames(ctx, self, body)
		typed := named.ReadTyped(in.Message)
		text = named.NameMentions(typed.Markdown, typed.Tokens)
	}

	return r.openForm(self, in, formRequest{verb: verb, at: at, user: in.User.ID, text: text}), nil
}

// handleGlobalShortcut handles an entry of the menu beside the message box. Slack names no channel.
func (r *responder) handleGlobalShortcut(ctx context.Context, self *fact.Self, in *interaction, body []byte) (answer, error) {
	if in.CallbackID != manifest.StartShortcut {
		return r.storeQuarantined(ctx, body, "unknown shortcut "+markdown.Cut(in.CallbackID, maxQuoted))
	}
	if isStranger(self, in) {
		return r.openRefusal(self, in), nil
	}
	return r.openForm(self, in, formRequest{verb: bridge.VerbNew, user: in.User.ID}), nil
}

// handleSubmission checks a form and stores it before Slack closes it.
func (r *responder) handleSubmission(ctx context.Context, self *fact.Self, in *interaction, body []byte) (answer, error) {
	if in.View == nil || in.View.Callback != blockkit.FormCallback {
		return answer{}, nil
	}

	filled, errs := in.View.ReadFilled()
	if len(errs) > 0 && !in.View.HasFields() {
		return answer{payload: tellInForm(self, in, &bridge.Problem{Text: strings.Join(slices.Sorted(maps.Values(errs)), " ")})}, nil
	}
	if len(errs) > 0 {
		return answer{payload: in.View.FormErrors(errs)}, nil
	}

	if isStranger(self, in) {
		return answer{payload: tellInForm(self, in, strangerProblem())}, nil
	}

	if filled.Verb == bridge.VerbNew && filled.Args.Recipient != "" {
		if refusal := r.refuseStart(ctx, self, in, filled); refusal != nil {
			return answer{payload: refusal}, nil
		}
	}

	if forms.NeedsNextForm(filled, blockkit.ReadMemory(in.View.Private).Pick) {
		return r.answerWithForm(ctx, self, in, filled), nil
	}

	// All windows close, because the one under the form shows the state before the action.
	return answer{payload: map[string]any{"response_action": "clear"}}, r.storeForm(ctx, self, in, body)
}

func replaceWindow(modal slackapi.ModalViewRequest) map[string]any {
	return map[string]any{"response_action": "update", "view": modal}
}

// tellInForm returns the answer that shows a problem in the submitted form, which keeps what was typed into it. If
// the form has no fields to show it at, a window with the problem takes its place.
func tellInForm(self *fact.Self, in *interaction, p *bridge.Problem) map[string]any {
	if !in.View.HasFields() {
		return replaceWindow(self.Home.Problem(p, in.findPlace(), ""))
	}
	return in.View.FormErrors(map[string]string{p.Field: strings.TrimSpace(p.Text + " " + p.Hint)})
}

// refuseStart returns the answer that shows why a conversation can't begin. It returns nil if the conversation may
// begin, or if the check failed or took too long: the engine checks again when it handles the form.
func (r *responder) refuseStart(ctx context.Context, self *fact.Self, in *interaction, f view.Filled) map[string]any {
	ctx, cancel := context.WithTimeout(ctx, maxFormDelay)
	defer cancel()
	open, err := r.starter.MayStart(ctx, in.User.ID, bridge.Start{
		Account: f.Args.Account, Recipient: f.Args.Recipient, Subject: f.Args.Subject, Text: f.Text,
	})
	if problem, ok := errors.AsType[*bridge.Problem](err); ok {
		return tellInForm(self, in, problem)
	}

	if err != nil {
		r.log.Warn("slack form not checked", "error", err)
		return nil
	}
	if open.ID != 0 {
		return replaceWindow(self.Home.Window(view.Exists(open, f.Text), in.findPlace()))
	}

	return nil
}

// storeForm stores a submitted form. The fact's id is made of the form's values: a client that missed our answer
// sends the form twice, and it must count once.
func (r *responder) storeForm(ctx context.Context, self *fact.Self, in *interaction, body []byte) error {
	filled, err := json.Marshal(in.View.State.Values) // with sorted keys, so the same values are the same bytes
	if err != nil || in.View.ID == "" {
		return r.store(ctx, self, fact.KindInteraction, in.TriggerID, in.findPlace(), body)
	}
	id := "i:" + in.View.ID + ":" + fact.Digest(string(filled))
	return r.storeAs(ctx, self, fact.KindInteraction, id, in.findPlace(), body)
}

// answerWithForm returns the answer that puts the verb's own form in place of the submitted one. If there is no such
// form, the submitted one shows why. If making it takes long, or it is too large for an answer, the answer has a
// waiting window, and the form replaces that after nextFormWait.
func (r *responder) answerWithForm(ctx context.Context, self *fact.Self, in *interaction, f view.Filled) answer {
	request := formRequest{verb: f.Verb, args: f.Args, at: in.findPlace(), user: in.User.ID, text: f.Text}
	quick, cancel := context.WithTimeout(ctx, maxFormDelay)
	defer cancel()
	modal, err := r.windows.makeForm(quick, self, request)
	wasQuick := quick.Err() == nil
	if err != nil && wasQuick {
		return answer{payload: tellInForm(self, in, view.ProblemOf(err))}
	}
	raw, err := json.Marshal(modal)
	fits := err == nil && len(raw) < maxAnswerBytes-envelopeBytes
	if fits && wasQuick {
		return answer{payload: replaceWindow(modal)}
	}

	return answer{
		payload: replaceWindow(waitingModal(self, request.at)),
		after: func(ctx context.Context) {
			if !pause.For(ctx, nextFormWait) {
				return
			}

			modal := r.windows.formModal(ctx, self, request)
			if err := r.windows.update(ctx, slackapi.View{ID: in.View.ID}, modal); err != nil {
				r.windows.handleNotShown(ctx, self, in, notShown{modal: modal, typed: request.text, cause: err})
			}
		},
	}
}

// store stores an action under an id made of its trigger id, which Slack uses once, or else of the body.
func (r *responder) store(ctx context.Context, self *fact.Self, kind, trigger string, at bridge.Place, body []byte) error {
	id := "i:" + trigger
	if trigger == "" {
		id = "i:" + fact.Digest(string(body))
	}
	return r.storeAs(ctx, self, kind, id, at, body)
}

// storeAs stores an action under an id. It keeps its order within the thread at the place.
func (r *responder) storeAs(ctx context.Context, self *fact.Self, kind, id string, at bridge.Place, body []byte) error {
	f, err := r.directory.withNames(ctx, self, body).Fact(kind, id, placeOrder(at), withoutSecrets(body))
	if err != nil {
		return err
	}
	return r.journal.Accept(ctx, f)
}

// withoutSecrets returns body without the fields with which a reader of the database could act in our name.
func withoutSecrets(body []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return body
	}
	for _, secret := range []string{"token", "response_url", "response_urls"} {
		delete(fields, secret)
	}
	clean, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return clean
}

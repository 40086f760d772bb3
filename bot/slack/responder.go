package slack

import (
	"cmp"
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
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
	"parley/channels/wire"
)

// answer is our response to a request of Slack's, and what must be done after it.
type answer struct {
	payload any // the body of the response; nil means an empty body

	// after runs once the response was sent, for example to open a form, unless the process ends before. It may be nil.
	after func(ctx context.Context)
}

// responder handles clicks, submitted forms, shortcuts and slash commands. If the user only wants to see something, such as
// a list, it opens a window (Slack's dialog). If the user requests an action, such as "resolve", it stores the request
// before Slack gets its response. The engine decodes and performs the action later (decode.go).
type responder struct {
	*workspace

	directory *directory
	homes     *homes
	posts     *poster
	zone      *time.Location // time zone for people whose own is unknown
}

// nextFormWait is the delay before a form replaces a waiting window. Slack must have shown the window by then.
const nextFormWait = 700 * time.Millisecond

// envelopeBytes is reserved in a response for the fields around a form.
const envelopeBytes = 1000

// openWindow returns an empty response, after which a window is opened.
func (r *responder) openWindow(self *Self, in *interaction, build buildModal) answer {
	return answer{after: func(ctx context.Context) { r.showWindow(ctx, self, in, build) }}
}

func (r *responder) openForm(self *Self, in *interaction, f formRequest) answer {
	return r.openWindow(self, in, func(ctx context.Context) slackapi.ModalViewRequest { return r.formModal(ctx, self, f) })
}

// isStranger reports whether a user belongs to another organisation, which can be so in shared channels. A stranger's click
// has no effect, and no window with conversations is opened for a stranger.
func isStranger(self *Self, in *interaction) bool {
	return in.findActor(self).Kind != bridge.ActorPerson
}

// strangerProblem explains to a stranger why a window isn't opened.
func strangerProblem() *bridge.Problem {
	return &bridge.Problem{Code: "foreign_agent", Text: "By what Slack says, you may belong to another organisation.",
		Hint: "An agent must be a full member of the workspace in which Parley is installed. Ask an admin of that workspace."}
}

// openRefusal returns a response after which a window with strangerProblem is opened.
func (r *responder) openRefusal(self *Self, in *interaction) answer {
	return r.openWindow(self, in, func(context.Context) slackapi.ModalViewRequest {
		return self.Home.Problem(strangerProblem(), in.findPlace(), "")
	})
}

// storeQuarantined stores a payload that can't be decoded, with the reason, for inspection. It has no effect.
func (r *responder) storeQuarantined(ctx context.Context, body []byte, reason string) (answer, error) {
	return answer{}, r.desk.Accept(ctx, forms.QuarantinedFact(withoutSecrets(body), reason))
}

// handleInteraction handles an interaction according to its type:
//
//	block_suggestion  something was typed into a menu: respond with the matching options
//	block_actions     a button was clicked: open a window or store the click
//	message_action    an entry of a message's menu was chosen: likewise
//	view_submission   a form was submitted: store it if it is valid
//	shortcut          an entry of the menu next to the message box was chosen: open a form
//	view_closed       a form was closed
func (r *responder) handleInteraction(ctx context.Context, self *Self, in *interaction, body []byte) (answer, error) {
	if in.Type == "block_actions" || in.Type == "view_submission" {
		r.homes.touched(in)
	}

	switch in.Type {
	case "block_suggestion":
		if r.directory.colleagues.wasStranger(string(in.User.ID)) { // only cached, because this happens at each letter
			return answer{payload: blockkit.NoOptions()}, nil
		}
		ctx, cancel := context.WithTimeout(ctx, maxFormDelay)
		defer cancel()
		options, err := r.suggestOptions(ctx, in)
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
		if in.View != nil {
			r.recordReplyClosed(ctx, in.View.Private, in.User.ID)
		}
		return answer{}, nil
	}

	return r.storeQuarantined(ctx, body, "unknown interaction "+markdown.Cut(in.Type, maxQuoted))
}

// handleMessageShortcut handles an entry of a message's menu.
func (r *responder) handleMessageShortcut(ctx context.Context, self *Self, in *interaction, body []byte) (answer, error) {
	name, ok := shortcutVerb(in.CallbackID)
	if !ok {
		return r.storeQuarantined(ctx, body, "unknown shortcut "+markdown.Cut(in.CallbackID, maxQuoted))
	}

	at := in.findPlace()
	entry := verb.Of(name).Menus.Message
	if entry.AtOnce {
		return answer{}, r.store(ctx, self, KindInteraction, in.TriggerID, at, body)
	}

	if isStranger(self, in) {
		return r.openRefusal(self, in), nil
	}

	text := ""
	if entry.Prefilled && in.Message != nil {
		named := r.directory.withNames(ctx, self, body)
		typed := named.ReadTyped(in.Message)
		text = named.NameMentions(typed.Markdown, typed.Tokens)
	}

	return r.openForm(self, in, formRequest{verb: name, at: at, user: in.User.ID, text: text}), nil
}

// handleGlobalShortcut handles an entry of the menu next to the message box. It belongs to no channel.
func (r *responder) handleGlobalShortcut(ctx context.Context, self *Self, in *interaction, body []byte) (answer, error) {
	if in.CallbackID != StartShortcut {
		return r.storeQuarantined(ctx, body, "unknown shortcut "+markdown.Cut(in.CallbackID, maxQuoted))
	}
	if isStranger(self, in) {
		return r.openRefusal(self, in), nil
	}
	return r.openForm(self, in, formRequest{verb: bridge.VerbNew, user: in.User.ID}), nil
}

// handleSubmission checks a form and stores it before Slack closes it.
func (r *responder) handleSubmission(ctx context.Context, self *Self, in *interaction, body []byte) (answer, error) {
	if in.View == nil || in.View.Callback != blockkit.FormCallback {
		return answer{}, nil
	}

	filled, errs := in.View.ReadFilled()
	if len(errs) > 0 && !in.View.HasFields() {
		return answer{payload: showInForm(self, in, &bridge.Problem{Text: strings.Join(slices.Sorted(maps.Values(errs)), " ")})}, nil
	}
	if len(errs) > 0 {
		return answer{payload: in.View.FormErrors(errs)}, nil
	}

	if isStranger(self, in) {
		return answer{payload: showInForm(self, in, strangerProblem())}, nil
	}

	if filled.Verb == bridge.VerbNew && filled.Args.Recipient != "" {
		if refusal := r.refuseStart(ctx, self, in, filled); refusal != nil {
			return answer{payload: refusal}, nil
		}
	}

	if filled.Verb == bridge.VerbList {
		return r.showList(ctx, self, in, filled.Args), nil
	}

	if forms.NeedsNextForm(filled, blockkit.ReadMemory(in.View.Private).Pick) {
		return r.answerWithForm(ctx, self, in, filled), nil
	}

	// Close all windows, because the one below the form is outdated now.
	return answer{payload: map[string]any{"response_action": "clear"}}, r.storeForm(ctx, self, in, body)
}

// showList shows a list in the place of the form of its filter, or in the home tab from which the form was opened.
func (r *responder) showList(ctx context.Context, self *Self, in *interaction, args bridge.Args) answer {
	if in.findPlace() == (bridge.Place{}) {
		r.homes.show(in.User.ID, args)
		return answer{payload: map[string]any{"response_action": "clear"}}
	}
	return answer{payload: replaceWindow(r.cardModal(ctx, self, in, view.OpensList, args))}
}

func replaceWindow(modal slackapi.ModalViewRequest) map[string]any {
	return map[string]any{"response_action": "update", "view": modal}
}

// showInForm returns a response that shows a problem in the submitted form, so that nothing that was typed is lost. A form
// without fields can't show it, so it is replaced by a window with the problem.
func showInForm(self *Self, in *interaction, p *bridge.Problem) map[string]any {
	if !in.View.HasFields() {
		return replaceWindow(self.Home.Problem(p, in.findPlace(), ""))
	}
	return in.View.FormErrors(map[string]string{p.Field: strings.TrimSpace(p.Text + " " + p.Hint)})
}

// refuseStart returns a response that shows why a conversation can't be started. It returns nil if it can, and also if the
// check failed or timed out, since the engine repeats the check when it performs the action.
func (r *responder) refuseStart(ctx context.Context, self *Self, in *interaction, f view.Filled) map[string]any {
	ctx, cancel := context.WithTimeout(ctx, maxFormDelay)
	defer cancel()
	open, err := r.desk.MayStart(ctx, in.User.ID, bridge.Start{
		Account: f.Args.Account, Recipient: f.Args.Recipient, Subject: f.Args.Subject, Text: f.Text,
		Team: f.Args.Team,
	})
	if problem, ok := errors.AsType[*bridge.Problem](err); ok {
		return showInForm(self, in, problem)
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

// storeForm stores a submitted form. A client that missed our response may send the form twice, so the id is built from the
// form's values to deduplicate it.
func (r *responder) storeForm(ctx context.Context, self *Self, in *interaction, body []byte) error {
	filled, err := json.Marshal(in.View.State.Values) // deterministic, because keys are sorted
	if err != nil || in.View.ID == "" {
		return r.store(ctx, self, KindInteraction, in.TriggerID, in.findPlace(), body)
	}
	id := "i:" + in.View.ID + ":" + forms.Digest(string(filled))
	return r.storeAs(ctx, self, KindInteraction, id, in.findPlace(), body)
}

// answerWithForm returns a response that replaces the submitted form by the next one, or that shows in the submitted form
// why there is none. If the next form takes long, or is too large for a response, the response has a waiting window, which
// the form replaces after nextFormWait.
func (r *responder) answerWithForm(ctx context.Context, self *Self, in *interaction, f view.Filled) answer {
	request := formRequest{
		verb: f.Verb, args: f.Args, at: in.findPlace(), user: in.User.ID, text: f.Text,
		earlier: blockkit.ReadMemory(in.View.Private),
	}
	quick, cancel := context.WithTimeout(ctx, maxFormDelay)
	defer cancel()
	modal, err := r.makeForm(quick, self, request)
	wasQuick := quick.Err() == nil
	if err != nil && wasQuick {
		return answer{payload: showInForm(self, in, view.ProblemOf(err))}
	}
	raw, err := json.Marshal(modal)
	fits := err == nil && len(raw) < maxAnswerBytes-envelopeBytes
	if fits && wasQuick {
		return answer{payload: replaceWindow(modal)}
	}

	return answer{
		payload: replaceWindow(loadingModal(self, request.at)),
		after: func(ctx context.Context) {
			if !wire.For(ctx, nextFormWait) {
				return
			}

			modal := r.formModal(ctx, self, request)
			if err := r.update(ctx, slackapi.View{ID: in.View.ID}, modal); err != nil {
				r.handleNotShown(ctx, self, in, modal, request.text, err)
			}
		},
	}
}

// store stores an action. Its id is built from the trigger id, which is unique, or from the body if there is none.
func (r *responder) store(ctx context.Context, self *Self, kind, trigger string, at bridge.Place, body []byte) error {
	id := "i:" + trigger
	if trigger == "" {
		id = "i:" + forms.Digest(string(body))
	}
	return r.storeAs(ctx, self, kind, id, at, body)
}

// storeAs stores an action under an id. Actions in the same thread are performed in the order in which they were stored.
func (r *responder) storeAs(ctx context.Context, self *Self, kind, id string, at bridge.Place, body []byte) error {
	f, err := r.directory.withNames(ctx, self, body).Fact(kind, id, OrderKey(at.Channel, cmp.Or(at.Thread, at.Message)), withoutSecrets(body))
	if err != nil {
		return err
	}
	return r.desk.Accept(ctx, f)
}

// withoutSecrets removes from a JSON body the fields that would let a reader of the database act in our name.
func withoutSecrets(body []byte) []byte {
	clean, _ := editJSON(body, func(fields map[string]json.RawMessage) { //nolint:errcheck // what isn't an object stays as it is
		for _, secret := range []string{"token", "response_url", "response_urls"} {
			delete(fields, secret)
		}
	})
	return clean
}

package slackfake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of views. Source: docs.slack.dev/reference/views, read 2026-11.
const (
	maxViewBytes  = 250_000
	maxStack      = 3    // modals of a user
	maxPrivate    = 3000 // characters of private_metadata
	maxViewTitle  = 24
	maxExternalID = 255
)

// Screens holds the views that people see. A view is a modal, shown on top of Slack's page, or the app's home
// tab. A user has one stack of modals, of which only the top one can be used. The lock, workspace.Ground.Mu,
// guards all state, and the caller of the methods holds it.
type Screens struct {
	*Ground
	Views    map[string]*View    // by view id
	Stacks   map[string][]string // view ids of open modals by user id, bottom first
	Homes    map[string]*View    // home tabs by user id
	triggers map[string]*trigger // by trigger id
}

// NewScreens returns the screens of a workspace. Reset must be called before the first use.
func NewScreens(g *Ground) *Screens { return &Screens{Ground: g} }

// Reset removes all views and triggers.
func (s *Screens) Reset() {
	s.Views = map[string]*View{}
	s.Stacks = map[string][]string{}
	s.Homes = map[string]*View{}
	s.triggers = map[string]*trigger{}
}

// trigger is the app's permission to open one modal for one user. It can be used once, within Options.TriggerLife.
type trigger struct {
	user      string
	createdAt time.Time
	used      bool
	view      string // id of the modal in which the user clicked, or ""
}

// NewTrigger creates a trigger for a click and returns its id. view is the id of the modal that contains the
// click, or "".
func (s *Screens) NewTrigger(user, view string) string {
	id := fmt.Sprintf("%d.%d.%s", s.Now().UnixMilli(), 1_000_000+s.IDs, s.Secret(32))
	s.triggers[id] = &trigger{user: user, createdAt: s.Now(), view: view}
	return id
}

// parseView parses and validates a view that the app sent, which must have one of the given types.
func (s *Screens) parseView(raw json.RawMessage, types ...string) (*View, *WorkspaceRefusal) {
	if len(raw) > maxViewBytes {
		return nil, Refuse("view_too_large")
	}
	v := &View{}
	if json.Unmarshal(raw, v) != nil {
		return nil, Refuse("invalid_arguments", "[ERROR] failed to match all allowed schemas [json-pointer:/view]")
	}

	faults := viewFaults(CheckView(raw))
	if !slices.Contains(types, v.Type) {
		faults.add("/type", "unsupported type: "+v.Type)
	}
	faults.checkLengths(v)
	if v.Type == "modal" {
		faults.checkTitles(v)
	}
	blocks := s.checkViewBlocks(v, &faults)
	if len(faults) > 0 {
		return nil, Refuse("invalid_arguments", faults...)
	}

	v.Blocks = MustJSON(blocks)
	v.State = State{}
	v.TeamID, v.AppInstalledTID = s.Opt.TeamID, s.Opt.TeamID
	v.AppID, v.BotID = s.Opt.AppID, s.Opt.BotID
	return v, nil
}

// viewFaults collects the messages of Slack's validator about a view.
type viewFaults []string

// add adds a message about the part of the view at a JSON pointer.
func (f *viewFaults) add(at, text string) {
	*f = append(*f, "[ERROR] "+text+" [json-pointer:/view"+at+"]")
}

// checkLengths checks the ids and the private metadata of a view.
func (f *viewFaults) checkLengths(v *View) {
	if utf8.RuneCountInString(v.CallbackID) > maxExternalID {
		f.add("/callback_id", "must be less than 256 characters")
	}
	if utf8.RuneCountInString(v.ExternalID) > maxExternalID {
		f.add("/external_id", "must be less than 256 characters")
	}
	if utf8.RuneCountInString(v.PrivateMetadata) > maxPrivate {
		f.add("/private_metadata", "must be less than 3001 characters")
	}
}

// checkTitles checks the title of a modal and the labels of its two buttons, and fills in defaults.
func (f *viewFaults) checkTitles(v *View) {
	if IsNull(v.Title) {
		f.add("", "missing required field: title")
	}
	for _, part := range []struct {
		key  string
		text *json.RawMessage
	}{
		{"title", &v.Title},
		{"submit", &v.Submit},
		{"close", &v.Close},
	} {
		if IsNull(*part.text) {
			continue
		}
		title, messages := CheckTitle(part.key, *part.text, maxViewTitle)
		*part.text = title
		for _, message := range messages {
			f.add("", strings.TrimPrefix(message, "[ERROR] "))
		}
	}
}

// checkViewBlocks checks the blocks of a view and returns them with defaults filled in.
func (s *Screens) checkViewBlocks(v *View, faults *viewFaults) []any {
	surface := OnHome
	if v.Type == "modal" {
		surface = OnModal
	}
	blocks, refusal := s.CheckBlocks(v.Blocks, surface)
	switch {
	case refusal != nil && len(refusal.Messages) == 0:
		faults.add("/blocks", "must provide an array")
	case refusal != nil:
		for _, fault := range refusal.Messages {
			*faults = append(*faults, strings.Replace(fault, "[json-pointer:", "[json-pointer:/view", 1))
		}
	}
	if v.Blocks == nil {
		faults.add("", "missing required field: blocks")
	}

	input := slices.IndexFunc(blocks, isInput)
	lacksSubmit := v.Type == "modal" && IsNull(v.Submit)
	if input >= 0 && lacksSubmit {
		faults.add(fmt.Sprintf("/blocks/%d/input", input), "must define `submit` to use an `input` block in modals")
	}
	return blocks
}

func isInput(block any) bool {
	fields, ok := block.(Object)
	return ok && fields["type"] == "input"
}

// renewHash assigns a new hash to a view that changed, and logs the change.
func (s *Screens) renewHash(v *View) {
	v.Hash = fmt.Sprintf("%d.%s", s.Now().Unix(), s.Secret(8))
	kind := v.Type
	if kind == "modal" {
		kind = "view"
	}
	s.Note(Change{Kind: kind, ID: v.ID, User: v.User})
}

// putOnTop opens a new modal. under lists the user's modals that remain below it, bottom first.
func (s *Screens) putOnTop(v *View, user string, under []string) *WorkspaceRefusal {
	if v.ExternalID != "" && s.findByExternalID(v.ExternalID) != nil {
		return Refuse("duplicate_external_id")
	}

	v.ID, v.User = s.NewID("V"), user
	v.RootViewID = v.ID
	if len(under) > 0 {
		v.RootViewID = s.Views[under[0]].RootViewID
		prev := under[len(under)-1]
		v.PreviousViewID = &prev
	}

	s.Views[v.ID] = v
	s.Stacks[user] = append(slices.Clone(under), v.ID)
	s.renewHash(v)
	return nil
}

// Drop closes the top modals of a user until at most n remain.
func (s *Screens) Drop(user string, n int) {
	remaining := min(n, len(s.Stacks[user]))
	for _, id := range s.Stacks[user][remaining:] {
		delete(s.Views, id)
		s.Note(Change{Kind: "view", ID: id, User: user})
	}
	s.Stacks[user] = s.Stacks[user][:remaining]
}

// findByExternalID returns the view with an id that the app chose, or nil.
func (s *Screens) findByExternalID(id string) *View {
	for _, v := range s.Views {
		if v.ExternalID == id {
			return v
		}
	}

	for _, v := range s.Homes {
		if v.ExternalID == id {
			return v
		}
	}
	return nil
}

// push opens a modal on top of the user's open ones, of which there must be 1 to maxStack-1.
func (s *Screens) push(v *View, user string) *WorkspaceRefusal {
	under := s.Stacks[user]
	if len(under) == 0 {
		return Refuse("not_found")
	}
	if len(under) >= maxStack {
		return Refuse("push_limit_reached")
	}
	return s.putOnTop(v, user, under)
}

// replace replaces the contents of old with v. old keeps its ids, and the input in fields that both have.
func (s *Screens) replace(old, v *View) {
	v.ID, v.User = old.ID, old.User
	v.RootViewID, v.PreviousViewID = old.RootViewID, old.PreviousViewID
	v.ExternalID = cmp.Or(v.ExternalID, old.ExternalID)
	v.State = KeepState(old.State, v.Blocks)
	*old = *v
	s.renewHash(old)
}

// Respond applies the app's response to the submission of the modal v. action is its response_action; ""
// closes the modal. raw is the view of an update or push, and errs are error messages by block id.
func (s *Screens) Respond(v *View, action string, raw json.RawMessage, errs map[string]string) error {
	switch action {
	case "":
		modalsBelow := max(slices.Index(s.Stacks[v.User], v.ID), 0)
		s.Drop(v.User, modalsBelow)
		return nil
	case "clear":
		s.Drop(v.User, 0)
		return nil
	case "errors":
		return checkInputErrors(v, errs)
	case "update", "push":
	default:
		return Refuse("invalid_arguments", "[ERROR] unknown response_action")
	}

	next, refusal := s.parseView(raw, "modal")
	if refusal != nil {
		return refusal
	}
	if action == "update" {
		s.replace(v, next)
		return nil
	}
	if refusal := s.push(next, v.User); refusal != nil {
		return refusal
	}
	return nil
}

// checkInputErrors checks that errs isn't empty and that its keys are ids of input blocks of the modal.
func checkInputErrors(v *View, errs map[string]string) error {
	if len(errs) == 0 {
		return Refuse("invalid_arguments", "[ERROR] errors must not be empty")
	}
	for block := range errs {
		if !hasInput(v.Blocks, block) {
			return Refuse("invalid_arguments", fmt.Sprintf("[ERROR] no input block %q", block))
		}
	}
	return nil
}

// hasInput reports whether blocks contain an input block with the given id.
func hasInput(blocks json.RawMessage, id string) bool {
	for e := range Elements(blocks) {
		if e.Block["type"] == "input" && e.BlockID == id {
			return true
		}
	}
	return false
}

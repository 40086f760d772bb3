// Package screens keeps the modals and home tabs that people see, and lets the app open and change them.
package screens

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/workspace"
)

// A view is a modal, shown above Slack's page, or an app's home tab. A person has one stack of modals: at most
// three, of which only the top one can be used.

// Limits of views. Source: docs.slack.dev/reference/views, read 2026-11.
const (
	maxViewBytes  = 250_000
	maxStack      = 3
	maxPrivate    = 3000
	maxViewTitle  = 24
	maxExternalID = 255
)

// Screens are the modals and home tabs that people see. The lock, workspace.Ground.Mu, guards them.
type Screens struct {
	*workspace.Ground
	Views    map[string]*workspace.View // by view id
	Stacks   map[string][]string        // view ids of the open modals by user id, bottom first
	Homes    map[string]*workspace.View // home tabs by user id
	triggers map[string]*trigger        // by trigger id
}

// New makes the screens of a workspace.
func New(g *workspace.Ground) *Screens { return &Screens{Ground: g} }

// Reset closes all views. Caller holds the lock.
func (s *Screens) Reset() {
	s.Views = map[string]*workspace.View{}
	s.Stacks = map[string][]string{}
	s.Homes = map[string]*workspace.View{}
	s.triggers = map[string]*trigger{}
}

// trigger is the app's permission to open one modal for one user. It is valid once, for a short time.
type trigger struct {
	user string
	at   time.Time
	used bool
	view string // id of the modal in which the user clicked; "" if it was elsewhere
}

// NewTrigger makes a trigger and returns its id. The caller holds the lock.
func (s *Screens) NewTrigger(user, view string) string {
	id := fmt.Sprintf("%d.%d.%s", s.Now().UnixMilli(), 1_000_000+s.IDs, s.Secret(32))
	s.triggers[id] = &trigger{user: user, at: s.Now(), view: view}
	return id
}

// parseView reads and checks a view that the app sends. It must have one of these types.
func (s *Screens) parseView(raw json.RawMessage, types ...string) (*workspace.View, *workspace.Refusal) {
	if len(raw) > maxViewBytes {
		return nil, workspace.Refuse("view_too_large")
	}
	v := &workspace.View{}
	if json.Unmarshal(raw, v) != nil {
		return nil, workspace.Refuse("invalid_arguments", "[ERROR] failed to match all allowed schemas [json-pointer:/view]")
	}

	faults := viewFaults(kit.CheckView(raw))
	if !slices.Contains(types, v.Type) {
		faults.add("/type", "unsupported type: "+v.Type)
	}
	faults.checkLengths(v)
	if v.Type == "modal" {
		faults.checkTitles(v)
	}
	blocks := s.checkViewBlocks(v, &faults)
	if len(faults) > 0 {
		return nil, workspace.Refuse("invalid_arguments", faults...)
	}

	v.Blocks = workspace.MustJSON(blocks)
	v.State = kit.State{}
	v.TeamID, v.AppInstalledTID = s.Opt.TeamID, s.Opt.TeamID
	v.AppID, v.BotID = s.Opt.AppID, s.Opt.BotID
	return v, nil
}

// viewFaults are what is wrong with a view, as Slack lists it.
type viewFaults []string

// add adds a fault at a JSON pointer within the view.
func (f *viewFaults) add(at, text string) {
	*f = append(*f, "[ERROR] "+text+" [json-pointer:/view"+at+"]")
}

// checkLengths checks the ids and the private metadata of a view.
func (f *viewFaults) checkLengths(v *workspace.View) {
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

// checkTitles checks the title of a modal and the words of its two buttons, and completes them.
func (f *viewFaults) checkTitles(v *workspace.View) {
	if workspace.IsNull(v.Title) {
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
		if workspace.IsNull(*part.text) {
			continue
		}
		title, wrong := kit.CheckTitle(part.key, *part.text, maxViewTitle)
		*part.text = title
		for _, e := range wrong {
			f.add("", strings.TrimPrefix(e, "[ERROR] "))
		}
	}
}

// checkViewBlocks checks the blocks of a view, and returns them.
func (s *Screens) checkViewBlocks(v *workspace.View, faults *viewFaults) []any {
	surface := kit.OnHome
	if v.Type == "modal" {
		surface = kit.OnModal
	}
	blocks, refused := s.CheckBlocks(v.Blocks, surface)
	switch {
	case refused != nil && len(refused.Messages) == 0:
		faults.add("/blocks", "must provide an array")
	case refused != nil:
		for _, fault := range refused.Messages {
			*faults = append(*faults, strings.Replace(fault, "[json-pointer:", "[json-pointer:/view", 1))
		}
	}
	if v.Blocks == nil {
		faults.add("", "missing required field: blocks")
	}

	input := slices.IndexFunc(blocks, isInput)
	lacksSubmit := v.Type == "modal" && workspace.IsNull(v.Submit)
	if input >= 0 && lacksSubmit {
		faults.add(fmt.Sprintf("/blocks/%d/input", input), "must define `submit` to use an `input` block in modals")
	}
	return blocks
}

func isInput(b any) bool {
	m, ok := b.(workspace.Object)
	return ok && m["type"] == "input"
}

// renewHash gives v a new hash and notes that the view changed.
func (s *Screens) renewHash(v *workspace.View) {
	v.Hash = fmt.Sprintf("%d.%s", s.Now().Unix(), s.Secret(8))
	kind := v.Type
	if kind == "modal" {
		kind = "view"
	}
	s.Note(workspace.Change{Kind: kind, ID: v.ID, User: v.User})
}

// putOnTop puts a new modal on top of those of the user's that stay (under, bottom first). Caller holds the lock.
func (s *Screens) putOnTop(v *workspace.View, user string, under []string) *workspace.Refusal {
	if v.ExternalID != "" && s.findByExternalID(v.ExternalID) != nil {
		return workspace.Refuse("duplicate_external_id")
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

// Drop takes modals off the user's stack until at most n are left. Caller holds the lock.
func (s *Screens) Drop(user string, n int) {
	left := min(n, len(s.Stacks[user]))
	for _, id := range s.Stacks[user][left:] {
		delete(s.Views, id)
		s.Note(workspace.Change{Kind: "view", ID: id, User: user})
	}
	s.Stacks[user] = s.Stacks[user][:left]
}

func (s *Screens) findByExternalID(id string) *workspace.View {
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

func (s *Screens) push(v *workspace.View, user string) *workspace.Refusal {
	under := s.Stacks[user]
	if len(under) == 0 {
		return workspace.Refuse("not_found")
	}
	if len(under) >= maxStack {
		return workspace.Refuse("push_limit_reached")
	}
	return s.putOnTop(v, user, under)
}

// replace shows v in the place of old, which keeps its identity and the inputs that both have.
func (s *Screens) replace(old, v *workspace.View) {
	v.ID, v.User = old.ID, old.User
	v.RootViewID, v.PreviousViewID = old.RootViewID, old.PreviousViewID
	v.ExternalID = cmp.Or(v.ExternalID, old.ExternalID)
	v.State = kit.KeepState(old.State, v.Blocks)
	*old = *v
	s.renewHash(old)
}

// Respond does what the app's response_action to the submitted modal v asks for; "" closes the modal. raw is
// the view that came with the action, errs are messages by block id. Caller holds the lock.
func (s *Screens) Respond(v *workspace.View, action string, raw json.RawMessage, errs map[string]string) error {
	switch action {
	case "":
		below := max(slices.Index(s.Stacks[v.User], v.ID), 0) // how many modals v covers
		s.Drop(v.User, below)
	case "clear":
		s.Drop(v.User, 0)
	case "errors":
		if len(errs) == 0 {
			return workspace.Refuse("invalid_arguments", "[ERROR] errors must not be empty")
		}
		for block := range errs {
			if !hasInput(v.Blocks, block) {
				return workspace.Refuse("invalid_arguments", fmt.Sprintf("[ERROR] no input block %q", block))
			}
		}
	case "update", "push":
		n, err := s.parseView(raw, "modal")
		if err != nil {
			return err
		}
		if action == "update" {
			s.replace(v, n)
			return nil
		}
		if err := s.push(n, v.User); err != nil {
			return err
		}
	default:
		return workspace.Refuse("invalid_arguments", "[ERROR] unknown response_action")
	}
	return nil
}

// hasInput reports whether one of some blocks is an input with this block id.
func hasInput(blocks json.RawMessage, id string) bool {
	for e := range kit.Elements(blocks) {
		if e.Block["type"] == "input" && e.BlockID == id {
			return true
		}
	}
	return false
}

package slackfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"parley/bot/slack/slackfake/kit"
)

// Limits of views. Source: docs.slack.dev/reference/views, read 2026-11.
const (
	maxViewBytes  = 250_000
	maxStack      = 3
	maxPrivate    = 3000
	maxViewTitle  = 24
	maxExternalID = 255
)

// screens are the modals and home tabs that people see. Guarded by the lock.
type screens struct {
	*ground
	views    map[string]*View
	stacks   map[string][]string // user → open modals, bottom first
	homes    map[string]*View
	triggers map[string]*trigger
}

// reset closes all views. Caller holds the lock.
func (s *screens) reset() {
	s.views, s.stacks, s.homes, s.triggers = map[string]*View{}, map[string][]string{}, map[string]*View{}, map[string]*trigger{}
}

// viewAPI opens and changes views for the app.
type viewAPI struct {
	*ground
	screens *screens
	people  *directory
}

// trigger lets the app open one modal for one user, once, shortly.
type trigger struct {
	user string
	at   time.Time
	used bool
	view string // the modal it came from
}

// newTrigger makes a trigger id. Caller holds the lock.
func (s *screens) newTrigger(user, view string) string {
	id := fmt.Sprintf("%d.%d.%s", s.now().UnixMilli(), 1_000_000+s.ids, s.secret(32))
	s.triggers[id] = &trigger{user: user, at: s.now(), view: view}
	return id
}

func (a *viewAPI) trigger(c *call) (*trigger, *apiError) {
	id := c.str("trigger_id")
	if id == "" {
		id = c.str("interactivity_pointer")
	}
	t := a.screens.triggers[id]
	switch {
	case id == "":
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: trigger_id")
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case a.now().Sub(t.at) > a.opt.TriggerLife:
		return nil, refuse("expired_trigger_id")
	}
	return t, nil
}

// parseView validates a view as sent by the app.
func (s *screens) parseView(raw json.RawMessage, types ...string) (*View, *apiError) {
	if len(raw) > maxViewBytes {
		return nil, refuse("view_too_large")
	}
	v := &View{}
	if json.Unmarshal(raw, v) != nil {
		return nil, refuse("invalid_arguments", "[ERROR] failed to match all allowed schemas [json-pointer:/view]")
	}
	var errs []string
	bad := func(at, text string) { errs = append(errs, "[ERROR] "+text+" [json-pointer:/view"+at+"]") }
	if !slices.Contains(types, v.Type) {
		bad("/type", "unsupported type: "+v.Type)
	}
	on := kit.OnHome
	if v.Type == "modal" {
		on = kit.OnModal
		s.checkTitles(v, bad)
	}
	for at, x := range map[string]string{"/callback_id": v.CallbackID, "/external_id": v.ExternalID} {
		if utf8.RuneCountInString(x) > maxExternalID {
			bad(at, "must be less than 256 characters")
		}
	}
	if utf8.RuneCountInString(v.PrivateMetadata) > maxPrivate {
		bad("/private_metadata", "must be less than 3001 characters")
	}
	blocks, err := s.checkBlocks(v.Blocks, on)
	if err != nil {
		errs = append(errs, err.messages...)
		if len(err.messages) == 0 {
			bad("/blocks", "must be an array")
		}
	}
	if v.Blocks == nil {
		bad("/blocks", "missing required field: blocks")
	}
	if v.Type == "modal" && isNull(v.Submit) && slices.ContainsFunc(blocks, isInput) {
		bad("/submit", "`submit` is required when an `input` is in view")
	}
	if len(errs) > 0 {
		return nil, refuse("invalid_arguments", errs...)
	}
	v.Blocks = mustJSON(blocks)
	v.State = kit.State{}
	v.TeamID, v.AppID, v.BotID, v.AppInstalledTID = s.opt.TeamID, s.opt.AppID, s.opt.BotID, s.opt.TeamID
	return v, nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func isInput(b any) bool {
	m, ok := b.(object)
	return ok && m["type"] == "input"
}

func (s *screens) checkTitles(v *View, bad func(at, text string)) {
	var faults []string
	for key, p := range map[string]*json.RawMessage{"title": &v.Title, "submit": &v.Submit, "close": &v.Close} {
		if isNull(*p) {
			if key == "title" {
				bad("/title", "missing required field: title")
			}
			continue
		}
		title, wrong := kit.CheckTitle(key, *p, maxViewTitle)
		*p, faults = title, append(faults, wrong...)
	}
	for _, e := range faults {
		bad("", e[len("[ERROR] "):])
	}
}

// stamp gives v a new hash.
func (s *screens) stamp(v *View) {
	v.Hash = fmt.Sprintf("%d.%s", s.now().Unix(), s.secret(8))
	s.note(Change{Kind: map[string]string{"home": "home"}[v.Type] + map[string]string{"modal": "view"}[v.Type], ID: v.ID, User: v.User})
}

// place puts a new modal on top of the user's stack. Caller holds the lock.
func (s *screens) place(v *View, user string, under []string) *apiError {
	if v.ExternalID != "" && s.byExternal(v.ExternalID) != nil {
		return refuse("duplicate_external_id")
	}
	v.ID, v.User = s.newID("V"), user
	v.RootViewID = v.ID
	if len(under) > 0 {
		v.RootViewID = s.views[under[0]].RootViewID
		prev := under[len(under)-1]
		v.PreviousViewID = &prev
	}
	s.views[v.ID] = v
	s.stacks[user] = append(slices.Clone(under), v.ID)
	s.stamp(v)
	return nil
}

// drop takes modals off the user's stack until n are left. Caller holds the lock.
func (s *screens) drop(user string, n int) {
	for _, id := range s.stacks[user][min(n, len(s.stacks[user])):] {
		delete(s.views, id)
		s.note(Change{Kind: "view", ID: id, User: user})
	}
	s.stacks[user] = s.stacks[user][:min(n, len(s.stacks[user]))]
}

func (s *screens) byExternal(id string) *View {
	for _, v := range s.views {
		if v.ExternalID == id {
			return v
		}
	}
	for _, v := range s.homes {
		if v.ExternalID == id {
			return v
		}
	}
	return nil
}

func (a *viewAPI) openView(c *call) (reply, *apiError) {
	t, err := a.trigger(c)
	if err != nil {
		return nil, err
	}
	v, err := a.screens.parseView(c.raw("view"), "modal")
	if err != nil {
		return nil, err
	}
	a.screens.drop(t.user, 0)
	if err := a.screens.place(v, t.user, nil); err != nil {
		return nil, err
	}
	t.used = true
	return reply{"view": v.clone()}, nil
}

func (a *viewAPI) pushView(c *call) (reply, *apiError) {
	t, err := a.trigger(c)
	if err != nil {
		return nil, err
	}
	v, err := a.screens.parseView(c.raw("view"), "modal")
	if err != nil {
		return nil, err
	}
	if err := a.screens.push(v, t.user); err != nil {
		return nil, err
	}
	t.used = true
	return reply{"view": v.clone()}, nil
}

func (s *screens) push(v *View, user string) *apiError {
	under := s.stacks[user]
	switch {
	case len(under) == 0:
		return refuse("not_found")
	case len(under) >= maxStack:
		return refuse("push_limit_reached")
	}
	return s.place(v, user, under)
}

func (a *viewAPI) updateView(c *call) (reply, *apiError) {
	var old *View
	switch {
	case c.str("view_id") != "":
		if old = a.screens.views[c.str("view_id")]; old == nil {
			for _, h := range a.screens.homes {
				if h.ID == c.str("view_id") {
					old = h
				}
			}
		}
	case c.str("external_id") != "":
		old = a.screens.byExternal(c.str("external_id"))
	default:
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: view_id")
	}
	if old == nil {
		return nil, refuse("not_found")
	}
	if h := c.str("hash"); h != "" && h != old.Hash {
		return nil, refuse("hash_conflict")
	}
	v, err := a.screens.parseView(c.raw("view"), old.Type)
	if err != nil {
		return nil, err
	}
	a.screens.replace(old, v)
	return reply{"view": old.clone()}, nil
}

// replace shows v in the place of old, which keeps its identity and the inputs that both have.
func (s *screens) replace(old, v *View) {
	v.ID, v.User, v.RootViewID, v.PreviousViewID = old.ID, old.User, old.RootViewID, old.PreviousViewID
	if v.ExternalID == "" {
		v.ExternalID = old.ExternalID
	}
	v.State = kit.KeepState(old.State, v.Blocks)
	*old = *v
	s.stamp(old)
}

func (a *viewAPI) publishView(c *call) (reply, *apiError) {
	user := c.str("user_id")
	switch {
	case a.opt.NoHome:
		return nil, refuse("not_enabled")
	case a.people.users[user] == nil:
		return nil, refuse("user_not_found")
	}
	old := a.screens.homes[user]
	if h := c.str("hash"); h != "" && (old == nil || h != old.Hash) {
		return nil, refuse("hash_conflict")
	}
	v, err := a.screens.parseView(c.raw("view"), "home")
	if err != nil {
		return nil, err
	}
	if old == nil {
		v.ID, v.User = a.newID("V"), user
		v.RootViewID = v.ID
		a.screens.homes[user] = v
		a.screens.stamp(v)
		old = v
	} else {
		a.screens.replace(old, v)
	}
	return reply{"view": old.clone()}, nil
}

// clone copies v with its state filled from initial values, as payloads show it.
func (v *View) clone() *View {
	n := *v
	n.State = kit.FullState(v.State, v.Blocks)
	return &n
}

// Views lists the modals that a person has open, the top one last.
func (s *Server) Views(user string) []*View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*View
	for _, id := range s.screens.stacks[user] {
		out = append(out, s.screens.views[id].clone())
	}
	return out
}

// Home returns the home tab that a person would see; nil when none was published.
func (s *Server) Home(user string) *View {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.screens.homes[user]; v != nil {
		return v.clone()
	}
	return nil
}

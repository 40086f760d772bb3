package screens

import (
	"cmp"

	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// A view is a modal or a home tab. The app opens a modal with a trigger id, which Slack gives it with a
// person's click. A trigger works once, for a few seconds. This file answers the app's views.* calls.

// API opens and changes views for the app.
type API struct {
	*workspace.Ground
	screens *Screens
	isUser  func(id string) bool
}

// NewAPI makes the API of these screens. isUser reports whether an id is that of a user.
func NewAPI(s *Screens, isUser func(id string) bool) *API {
	return &API{Ground: s.Ground, screens: s, isUser: isUser}
}

// findTrigger returns the trigger that a call names, or the refusal if it is unknown, used or too old. The
// caller sets used once the view is open.
func (a *API) findTrigger(c *webcall.Call) (*trigger, *workspace.Refusal) {
	id := cmp.Or(c.Str("trigger_id"), c.Str("interactivity_pointer"))
	if id == "" {
		return nil, workspace.Refuse("invalid_arguments", "[ERROR] missing required field: trigger_id")
	}

	t := a.screens.triggers[id]
	if t == nil {
		return nil, workspace.Refuse("invalid_trigger_id")
	}
	if t.used {
		return nil, workspace.Refuse("exchanged_trigger_id")
	}
	if a.Now().Sub(t.at) > a.Opt.TriggerLife {
		return nil, workspace.Refuse("expired_trigger_id")
	}
	return t, nil
}

// OpenView answers views.open.
func (a *API) OpenView(c *webcall.Call) (webcall.Reply, *workspace.Refusal) {
	t, err := a.findTrigger(c)
	if err != nil {
		return nil, err
	}
	v, err := a.screens.parseView(c.Raw("view"), "modal")
	if err != nil {
		return nil, err
	}

	a.screens.Drop(t.user, 0)
	if err := a.screens.putOnTop(v, t.user, nil); err != nil {
		return nil, err
	}

	t.used = true
	return webcall.Reply{"view": v.Clone()}, nil
}

// PushView answers views.push.
func (a *API) PushView(c *webcall.Call) (webcall.Reply, *workspace.Refusal) {
	t, err := a.findTrigger(c)
	if err != nil {
		return nil, err
	}
	v, err := a.screens.parseView(c.Raw("view"), "modal")
	if err != nil {
		return nil, err
	}

	if err := a.screens.push(v, t.user); err != nil {
		return nil, err
	}

	t.used = true
	return webcall.Reply{"view": v.Clone()}, nil
}

// UpdateView answers views.update.
func (a *API) UpdateView(c *webcall.Call) (webcall.Reply, *workspace.Refusal) {
	if c.Str("view_id") == "" && c.Str("external_id") == "" {
		return nil, workspace.Refuse("invalid_arguments", "[ERROR] missing required field: view_id")
	}

	old := a.screens.findNamed(c)
	if old == nil {
		return nil, workspace.Refuse("not_found")
	}
	hash := c.Str("hash")
	if hash != "" && hash != old.Hash {
		return nil, workspace.Refuse("hash_conflict")
	}

	v, err := a.screens.parseView(c.Raw("view"), old.Type)
	if err != nil {
		return nil, err
	}

	a.screens.replace(old, v)
	return webcall.Reply{"view": old.Clone()}, nil
}

// findNamed returns the view that a call names by Slack's id or, without that, by the app's own; nil if there
// is none.
func (s *Screens) findNamed(c *webcall.Call) *workspace.View {
	id := c.Str("view_id")
	if id == "" {
		return s.findByExternalID(c.Str("external_id"))
	}
	if v := s.Views[id]; v != nil {
		return v
	}
	for _, home := range s.Homes {
		if home.ID == id {
			return home
		}
	}
	return nil
}

// PublishView answers views.publish.
func (a *API) PublishView(c *webcall.Call) (webcall.Reply, *workspace.Refusal) {
	user := c.Str("user_id")
	if a.Opt.NoHome {
		return nil, workspace.Refuse("not_enabled")
	}
	if !a.isUser(user) {
		return nil, workspace.Refuse("user_not_found")
	}

	old := a.screens.Homes[user]
	hash := c.Str("hash")
	isOutdated := old == nil || hash != old.Hash
	if hash != "" && isOutdated {
		return nil, workspace.Refuse("hash_conflict")
	}

	v, err := a.screens.parseView(c.Raw("view"), "home")
	if err != nil {
		return nil, err
	}

	if old == nil {
		v.ID, v.User = a.NewID("V"), user
		v.RootViewID = v.ID
		a.screens.Homes[user] = v
		a.screens.renewHash(v)
		old = v
	} else {
		a.screens.replace(old, v)
	}

	return webcall.Reply{"view": old.Clone()}, nil
}

package slackfake

import "cmp"

// API implements the views.* methods of Slack's Web API. A view is a modal or a home tab. To open a modal, the
// app needs a trigger id, which Slack sends with each click. A trigger id can be used once, within a few seconds.
type API struct {
	*Ground
	screens *Screens
	isUser  func(id string) bool
}

// NewAPI returns the API for screens. isUser reports whether a user id exists.
func NewAPI(screens *Screens, isUser func(id string) bool) *API {
	return &API{Ground: screens.Ground, screens: screens, isUser: isUser}
}

// findTrigger returns the trigger that a call names. It refuses one that is unknown, used or expired. The
// caller marks the trigger as used after the view was opened.
func (a *API) findTrigger(c *WebcallCall) (*trigger, *WorkspaceRefusal) {
	id := cmp.Or(c.Str("trigger_id"), c.Str("interactivity_pointer"))
	if id == "" {
		return nil, Refuse("invalid_arguments", "[ERROR] missing required field: trigger_id")
	}

	t := a.screens.triggers[id]
	if t == nil {
		return nil, Refuse("invalid_trigger_id")
	}
	if t.used {
		return nil, Refuse("exchanged_trigger_id")
	}
	if a.Now().Sub(t.createdAt) > a.Opt.TriggerLife {
		return nil, Refuse("expired_trigger_id")
	}
	return t, nil
}

// OpenView handles views.open, which replaces all open modals of the user.
func (a *API) OpenView(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	return a.showModal(c, func(v *View, user string) *WorkspaceRefusal {
		a.screens.Drop(user, 0)
		return a.screens.putOnTop(v, user, nil)
	})
}

// PushView handles views.push, which opens a modal on top of the open ones.
func (a *API) PushView(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	return a.showModal(c, a.screens.push)
}

// showModal shows the modal of a call to the user who triggered it. The trigger is used up if show succeeds.
func (a *API) showModal(
	c *WebcallCall, show func(v *View, user string) *WorkspaceRefusal,
) (Reply, *WorkspaceRefusal) {
	t, refusal := a.findTrigger(c)
	if refusal != nil {
		return nil, refusal
	}
	v, refusal := a.screens.parseView(c.Raw("view"), "modal")
	if refusal != nil {
		return nil, refusal
	}
	if refusal := show(v, t.user); refusal != nil {
		return nil, refusal
	}
	t.used = true
	return Reply{"view": v.Clone()}, nil
}

// UpdateView handles views.update.
func (a *API) UpdateView(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	if c.Str("view_id") == "" && c.Str("external_id") == "" {
		return nil, Refuse("invalid_arguments", "[ERROR] missing required field: view_id")
	}

	old := a.screens.findNamed(c)
	if old == nil {
		return nil, Refuse("not_found")
	}
	hash := c.Str("hash")
	if hash != "" && hash != old.Hash {
		return nil, Refuse("hash_conflict")
	}

	v, refusal := a.screens.parseView(c.Raw("view"), old.Type)
	if refusal != nil {
		return nil, refusal
	}

	a.screens.replace(old, v)
	return Reply{"view": old.Clone()}, nil
}

// findNamed returns the view that a call names by view_id, or otherwise by external_id, the app's own id. It
// returns nil if there is no such view.
func (s *Screens) findNamed(c *WebcallCall) *View {
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

// PublishView handles views.publish, which sets the home tab of a user.
func (a *API) PublishView(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	user := c.Str("user_id")
	if a.Opt.NoHome {
		return nil, Refuse("not_enabled")
	}
	if !a.isUser(user) {
		return nil, Refuse("user_not_found")
	}

	home := a.screens.Homes[user]
	hash := c.Str("hash")
	isOutdated := home == nil || hash != home.Hash
	if hash != "" && isOutdated {
		return nil, Refuse("hash_conflict")
	}

	v, refusal := a.screens.parseView(c.Raw("view"), "home")
	if refusal != nil {
		return nil, refusal
	}

	if home != nil {
		a.screens.replace(home, v)
		return Reply{"view": home.Clone()}, nil
	}

	v.ID, v.User = a.NewID("V"), user
	v.RootViewID = v.ID
	a.screens.Homes[user] = v
	a.screens.renewHash(v)
	return Reply{"view": v.Clone()}, nil
}

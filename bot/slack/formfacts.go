package slack

import (
	"context"
	"slices"
	"time"

	"parley/bot/view"
	"parley/bridge"
)

// facts finds the conversation that args or a place name, as user may see it.
func (s *Surface) facts(ctx context.Context, args bridge.Args, at bridge.Place, user string) (bridge.Facts, error) {
	if args.Conversation > 0 {
		return s.desk.Facts(ctx, args.Conversation, user)
	}
	return s.desk.FactsAt(ctx, at, user)
}

// form makes the form of a verb with the lists that it may need, and tells the zone of its
// reader.
func (s *Surface) form(ctx context.Context, verb bridge.Verb, args bridge.Args, at bridge.Place, user, text string) (view.Form, *time.Location, error) {
	in := view.FormInput{Verb: verb, Args: args, Text: text, Now: s.now()}
	if verb == bridge.VerbNew {
		return s.startForm(ctx, in, user)
	}
	if verb == bridge.VerbTemplateEdit {
		return s.templateForm(ctx, args, user)
	}
	f, err := s.facts(ctx, args, at, user)
	if err != nil {
		return view.Form{}, nil, err
	}
	if in.Facts = f; in.Args.Conversation == 0 {
		in.Args.Conversation = f.ID
	}
	if err := s.lists(ctx, &in, at, user); err != nil {
		return view.Form{}, f.Zone, err
	}
	form, err := view.NewForm(in)
	return form, f.Zone, err
}

// startForm makes the form that begins a conversation.
func (s *Surface) startForm(ctx context.Context, in view.FormInput, user string) (view.Form, *time.Location, error) {
	var err error
	if in.Accounts, err = s.desk.Accounts(ctx, user); err != nil {
		return view.Form{}, nil, err
	}
	if a, ok := view.StartsBy(in); ok && a.ByTemplate {
		if in.Templates, err = s.desk.Templates(ctx, bridge.TemplatesFor{Account: a.Name, Use: bridge.TemplateStart}, user); err != nil {
			return view.Form{}, nil, err
		}
	}
	if a, ok := view.StartsBy(in); ok {
		in.Count = s.count(a.Name, in.Text)
	}
	form, err := view.NewForm(in)
	return form, s.opt.Zone, err
}

// count says what a text is counted as; nil where nobody counts.
func (s *Surface) count(account, text string) *bridge.Count {
	if n, ok := s.desk.Count(account, text); ok {
		return &n
	}
	return nil
}

// lists reads what a verb's form offers.
func (s *Surface) lists(ctx context.Context, in *view.FormInput, at bridge.Place, user string) (err error) {
	switch in.Verb {
	case bridge.VerbAssign:
		if in.People, err = s.desk.People(ctx); err == nil {
			in.Teams, err = s.desk.Teams(ctx)
		}
	case bridge.VerbTemplate:
		in.Templates, err = s.desk.Templates(ctx, bridge.TemplatesFor{Conversation: in.Facts.ID}, user)
	case bridge.VerbTag, bridge.VerbUntag:
		in.Tags, err = s.desk.TagNames(ctx)
	case bridge.VerbReply:
		s.desk.Attend(in.Facts.ID)
		var accounts []bridge.AccountRef
		if accounts, err = s.desk.Accounts(ctx, user); err != nil {
			return err
		}
		if i := slices.IndexFunc(accounts, func(a bridge.AccountRef) bool { return a.Name == in.Facts.Account }); i >= 0 {
			in.Can = accounts[i].Can
		}
		in.Count = s.count(in.Facts.Account, in.Text)
		if at.Message != "" {
			in.Said, err = s.desk.SaidAt(ctx, at, user)
		}
	}
	return err
}

// templateForm makes the form in which a template is made or changed: it is about no
// conversation.
func (s *Surface) templateForm(ctx context.Context, args bridge.Args, user string) (view.Form, *time.Location, error) {
	all, err := s.desk.Templates(ctx, bridge.TemplatesFor{}, user)
	if err != nil {
		return view.Form{}, nil, err
	}
	form, err := view.NewForm(view.FormInput{Verb: bridge.VerbTemplateEdit, Args: args, Templates: all, Now: s.now()})
	return form, all.Zone, err
}

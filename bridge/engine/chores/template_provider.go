package chores

import (
	"context"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// reviewWait is how long a change of a template waits while the provider still reviews the version before: until then,
// providers accept no change.
const reviewWait = 10 * time.Minute

// Meta approves message templates before they may be sent. A template belongs to a business, by name and language, while Parley
// keeps it for an account: two accounts of one business may share one at the provider (they are twins), and a template that was
// made by somebody else may have the same name (a namesake). This file hands templates in without overwriting those of others.

// submission is one attempt to tell a provider of a template.
type submission struct {
	channels.Templater

	row store.Template
	t   channels.Template // the same as the provider is told of it
}

// isRefused reports whether a provider refused a template for good.
func isRefused(err error) bool {
	class := channels.ClassOf(err)
	return class == channels.BadContent || class == channels.TemplateBad
}

// submitTemplate submits a template to its provider. A template whose id at the provider is known is changed there. Any other one is
// made, unless the provider has a namesake. Then the first of these cases counts:
//   - Another account has the namesake with the same content: it counts as this template, too.
//   - The namesake belongs only to templates that are being deleted here, because they were renamed or moved: it becomes this one.
//   - Another account has the namesake with other words: this template is refused, since agents there see those words.
//   - An earlier attempt made the namesake, and the answer was lost: it is this template.
//   - Another account is submitting a template of that name: this one waits.
//   - Somebody else made the namesake: this template is refused.
func (cs *Chores) submitTemplate(
	ctx context.Context, templater channels.Templater, row store.Template,
) (channels.TemplateState, error) {
	s := submission{Templater: templater, row: row, t: bridge.ProviderTemplate(row)}
	if row.ExternalID != "" {
		if err := cs.checkTwins(ctx, row); err != nil {
			return channels.TemplateState{}, err
		}
		return cs.changeTemplate(ctx, s)
	}

	namesake, err := findNamesake(ctx, templater, s.t)
	if err != nil {
		return channels.TemplateState{}, err
	}
	if namesake == nil {
		return cs.makeTemplate(ctx, s)
	}

	siblings, err := cs.listSiblings(ctx, row)
	if err != nil {
		return channels.TemplateState{}, outbound.Retry(err)
	}

	twins := findTwins(siblings, namesake.ExternalID)
	isBeingMade := slices.ContainsFunc(siblings, func(other store.Template) bool { return mayBeMaking(other, row) })
	switch {
	case hasContent(twins, row):
		return *namesake, nil
	case len(twins) > 0 && !slices.ContainsFunc(twins, isKept):
		s.t.ExternalID = namesake.ExternalID
		return cs.changeTemplate(ctx, s)
	case len(twins) > 0:
		return channels.TemplateState{}, channels.RefuseContent("Another account of this business has a template of this name with other words: "+
			"give both the same words, or yours another name.", "")
	case row.AskedVersion > 0:
		return cs.adoptEarlierTemplate(ctx, s, *namesake)
	case isBeingMade:
		return channels.TemplateState{}, &channels.SendError{
			Class: channels.Retry,
			Text:  "Another account hands in a template of this name just now.",
		}
	}

	return channels.TemplateState{}, channels.RefuseContent("The provider has a template of this name already that Parley didn't make: "+
		"give yours another name (provider_name).", "")
}

// makeTemplate has a provider make a template that it doesn't have. It first stores which version is handed in (AskedVersion):
// should the answer be lost, a later attempt knows by that what was made.
func (cs *Chores) makeTemplate(ctx context.Context, s submission) (channels.TemplateState, error) {
	isHeld, err := store.NoteTemplateAsked(ctx, cs.pool, s.row, s.row.Version)
	if err != nil {
		return channels.TemplateState{}, outbound.Retry(err)
	}
	if !isHeld {
		return channels.TemplateState{}, &channels.SendError{
			Class: channels.Retry,
			Text:  "The template was changed meanwhile.",
		}
	}

	state, err := s.SubmitTemplate(ctx, s.t)
	mayBeMade := err == nil || channels.ClassOf(err) == channels.Ambiguous || ctx.Err() != nil
	if mayBeMade {
		return state, err
	}

	// This attempt made nothing. An earlier one may have made it after all.
	if _, noteErr := store.NoteTemplateAsked(ctx, cs.pool, s.row, s.row.AskedVersion); noteErr != nil {
		return channels.TemplateState{}, outbound.Retry(noteErr)
	}
	if !isRefused(err) {
		return channels.TemplateState{}, err
	}

	namesake, listErr := findNamesake(ctx, s, s.t)
	if listErr == nil && namesake != nil { // the next attempt finds out whose it is
		return channels.TemplateState{}, &channels.SendError{
			Class: channels.Retry,
			Cause: err,
			Text:  "The provider has got a template of this name meanwhile.",
		}
	}

	return channels.TemplateState{}, err
}

// checkTwins refuses to change a template that another account shares, if that account has handed it in with other content.
func (cs *Chores) checkTwins(ctx context.Context, row store.Template) error {
	siblings, err := cs.listSiblings(ctx, row)
	if err != nil {
		return outbound.Retry(err)
	}
	for _, twin := range findTwins(siblings, row.ExternalID) {
		isAtProvider := isKept(twin) && twin.SubmittedAt != nil
		account := cs.host.Directory().Account(twin.AccountID)
		if isAtProvider && account != nil && bridge.TemplateDiffers(twin, row) {
			return channels.RefuseContent("Also the account "+account.Name+" has this template with other words: "+
				"give that one these words, too, then save this one again.", "")
		}
	}
	return nil
}

// adoptEarlierTemplate takes over a template that an earlier attempt made. If it was made of an earlier version, it is changed.
func (cs *Chores) adoptEarlierTemplate(ctx context.Context, s submission, made channels.TemplateState) (channels.TemplateState, error) {
	isDraft := made.Status == channels.TemplateDraft // made, but not submitted yet
	if s.row.AskedVersion == s.row.Version && !isDraft {
		return made, nil
	}
	s.t.ExternalID = made.ExternalID
	return cs.changeTemplate(ctx, s)
}

// changeTemplate submits a template that the provider knows by its id. The change waits while the provider reviews an earlier
// version. If another account of the same business has made the same change already, that counts for this account, too.
func (cs *Chores) changeTemplate(ctx context.Context, s submission) (channels.TemplateState, error) {
	state, err := s.SubmitTemplate(ctx, s.t)
	if err == nil || !isRefused(err) {
		return state, err
	}

	// If the list can't be read, the provider's reason for the refusal is shown at once: saving the template submits it again.
	known, listErr := findListed(ctx, s, func(l channels.TemplateState) bool { return l.ExternalID == s.t.ExternalID })
	if listErr != nil || known == nil {
		return channels.TemplateState{}, err
	}
	siblings, listErr := cs.listSiblings(ctx, s.row)
	if listErr != nil {
		return channels.TemplateState{}, err
	}

	if hasContent(findTwins(siblings, known.ExternalID), s.row) {
		return *known, nil
	}
	if known.Status == channels.TemplatePending {
		return channels.TemplateState{}, &channels.SendError{
			Class: channels.Retry,
			Wait:  reviewWait,
			Cause: err,
			Text:  "The provider still reviews what was handed in before; the change follows.",
		}
	}

	return channels.TemplateState{}, err
}

// deleteTemplate removes a template from its provider, unless it has a twin here. It waits while another one of its name may
// become a twin. If the id isn't known, it looks for what an attempt made whose answer was lost.
func (cs *Chores) deleteTemplate(ctx context.Context, templater channels.Templater, row store.Template) error {
	if row.ExternalID == "" {
		if row.AskedVersion == 0 {
			return nil
		}
		made, err := findNamesake(ctx, templater, bridge.ProviderTemplate(row))
		if err != nil || made == nil {
			return err
		}
		row.ExternalID = made.ExternalID
	}

	siblings, err := cs.listSiblings(ctx, row)
	if err != nil {
		return outbound.Retry(err)
	}
	if slices.ContainsFunc(findTwins(siblings, row.ExternalID), isKept) {
		return nil
	}
	if slices.ContainsFunc(siblings, func(other store.Template) bool { return mayTakeOver(other, row) }) {
		return &channels.SendError{Class: channels.Retry, Text: "Another template of this name is being handed in."}
	}
	return templater.DeleteTemplate(ctx, bridge.ProviderTemplate(row))
}

// findNamesake returns what a provider has under a template's name and language, or nil if it has nothing.
func findNamesake(ctx context.Context, templater channels.Templater, t channels.Template) (*channels.TemplateState, error) {
	return findListed(ctx, templater, func(s channels.TemplateState) bool {
		hasName := s.Name == t.Name && s.Language == t.Language
		return hasName && s.ExternalID != ""
	})
}

// findListed returns the first template of a provider's list that is wanted, or nil if there is none.
func findListed(
	ctx context.Context, t channels.Templater, isWanted func(channels.TemplateState) bool,
) (*channels.TemplateState, error) {
	states, err := t.ListTemplates(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(states, isWanted)
	if i < 0 {
		return nil, nil //nolint:nilnil // nothing of that kind
	}
	return &states[i], nil
}

// listSiblings returns the other templates of this account and of accounts of the same kind, also those that are being deleted.
func (cs *Chores) listSiblings(ctx context.Context, row store.Template) ([]store.Template, error) {
	rows, err := store.ListAllTemplates(ctx, cs.pool)
	if err != nil {
		return nil, err
	}

	dir := cs.host.Directory()
	kind := func(account store.AccountID) string {
		if a := dir.Account(account); a != nil {
			return a.Kind
		}
		return ""
	}

	return slices.DeleteFunc(rows, func(other store.Template) bool {
		return other.ID == row.ID || kind(other.AccountID) != kind(row.AccountID)
	}), nil
}

// findTwins returns the siblings that are the template with this id at the provider. Those that are being deleted count only if
// there are no others.
func findTwins(siblings []store.Template, external string) []store.Template {
	var twins []store.Template
	for _, s := range siblings {
		if external != "" && s.ExternalID == external {
			twins = append(twins, s)
		}
	}
	if slices.ContainsFunc(twins, isKept) {
		twins = slices.DeleteFunc(twins, func(twin store.Template) bool { return !isKept(twin) })
	}
	return twins
}

// hasContent reports whether a twin has the content of a template, and the provider has that or is told of it.
func hasContent(twins []store.Template, row store.Template) bool {
	return slices.ContainsFunc(twins, func(twin store.Template) bool {
		isOrWillBeAtProvider := isKept(twin) || twin.SubmittedAt != nil
		return isOrWillBeAtProvider && !bridge.TemplateDiffers(twin, row)
	})
}

// isKept reports whether a template isn't being deleted.
func isKept(t store.Template) bool { return t.Todo != store.TodoDelete }

// mayTakeOver reports whether what a provider has of a template may become that of a sibling, whose id isn't known yet.
func mayTakeOver(sibling, row store.Template) bool {
	hasName := sibling.ProviderName == row.ProviderName && sibling.Language == row.Language
	isUnknown := isKept(sibling) && sibling.ExternalID == ""
	return hasName && isUnknown && sibling.Status == string(channels.TemplatePending)
}

// mayBeMaking reports whether what a provider has under a template's name may have been made for a sibling whose id isn't known yet.
func mayBeMaking(sibling, row store.Template) bool {
	return mayTakeOver(sibling, row) && sibling.AskedVersion > 0
}

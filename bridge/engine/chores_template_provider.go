package engine

import (
	"context"
	"slices"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Providers such as Meta approve message templates before they may be sent. This file submits templates without
// overwriting those of others, which is harder than it sounds:
//
//   - At the provider, a template belongs to a business and is known by name and language ("order_shipped", "de"). In Parley it
//     belongs to an account, and a business may have several.
//   - A namesake is what the provider has under a template's name and language. Somebody else may have made it.
//   - Siblings are the templates in Parley of all accounts of the same kind, because their businesses may be the same.
//   - Twins are siblings that share one template at the provider: they have the same external id.
//   - The answer to a request may be lost. AskedVersion, stored before the request, shows later that an attempt was made.

// reviewWait is how long a change waits while the provider still reviews the version before it. Providers
// reject changes until then.
const reviewWait = 10 * time.Minute

// submission is one attempt to submit a template.
type submission struct {
	channels.Templater

	row      store.Template
	template channels.Template // row in the provider's terms
}

// isRefused reports whether a provider refused a template for good.
func isRefused(err error) bool {
	class := channels.ClassOf(err)
	return class == channels.BadContent || class == channels.TemplateBad
}

// submitTemplate creates or changes a template at its provider. If its external id is known, the template is changed.
// Otherwise it is created, unless the provider has a namesake. In that case, the first of these rules applies:
//   - A twin has the namesake with the same content: share it.
//   - Only templates that are being deleted here have the namesake, because they were renamed or moved: take it over.
//   - A twin has the namesake with other content: refuse, because agents there rely on that content.
//   - An earlier attempt created the namesake, and its answer was lost: adopt it.
//   - Another account is submitting a template of this name right now: retry later.
//   - Somebody outside Parley created the namesake: refuse.
func (cs *Chores) submitTemplate(
	ctx context.Context, templater channels.Templater, row store.Template,
) (channels.TemplateState, error) {
	s := submission{Templater: templater, row: row, template: bridge.ProviderTemplate(row)}
	if row.ExternalID != "" {
		if err := cs.checkTwins(ctx, row); err != nil {
			return channels.TemplateState{}, err
		}
		return cs.changeTemplate(ctx, s)
	}

	namesake, err := findNamesake(ctx, templater, s.template)
	if err != nil {
		return channels.TemplateState{}, err
	}
	if namesake == nil {
		return cs.createTemplate(ctx, s)
	}

	siblings, err := cs.listSiblings(ctx, row)
	if err != nil {
		return channels.TemplateState{}, Retry(err)
	}

	twins := findTwins(siblings, namesake.ExternalID)
	onlyDeletedTwins := len(twins) > 0 && !slices.ContainsFunc(twins, isKept)
	isBeingMade := slices.ContainsFunc(siblings, func(other store.Template) bool { return mayBeMaking(other, row) })
	switch {
	case hasContent(twins, row):
		return *namesake, nil
	case onlyDeletedTwins:
		s.template.ExternalID = namesake.ExternalID
		return cs.changeTemplate(ctx, s)
	case len(twins) > 0:
		return channels.TemplateState{}, channels.RefuseContent(
			"Another account of this business has a template of this name with other words: "+
				"give both the same words, or yours another name.", "")
	case row.AskedVersion > 0:
		return cs.adoptEarlierTemplate(ctx, s, *namesake)
	case isBeingMade:
		return channels.TemplateState{}, &channels.SendError{
			Class: channels.Retry,
			Text:  "Another account hands in a template of this name just now.",
		}
	}

	return channels.TemplateState{}, channels.RefuseContent(
		"The provider has a template of this name already that Parley didn't make: "+
			"give yours another name (provider_name).", "")
}

// createTemplate creates a template at the provider. Before the request it stores the version that is submitted
// (AskedVersion). If the answer is lost, a later attempt sees from it which version the provider may have.
func (cs *Chores) createTemplate(ctx context.Context, s submission) (channels.TemplateState, error) {
	isHeld, err := store.NoteTemplateAsked(ctx, cs.pool, s.row, s.row.Version)
	if err != nil {
		return channels.TemplateState{}, Retry(err)
	}
	if !isHeld {
		return channels.TemplateState{}, &channels.SendError{
			Class: channels.Retry,
			Text:  "The template was changed meanwhile.",
		}
	}

	state, err := s.SubmitTemplate(ctx, s.template)
	mayExist := err == nil || channels.ClassOf(err) == channels.Ambiguous || ctx.Err() != nil
	if mayExist {
		return state, err
	}

	// This attempt created nothing, so AskedVersion goes back to what it was. An earlier attempt may still have
	// succeeded.
	if _, noteErr := store.NoteTemplateAsked(ctx, cs.pool, s.row, s.row.AskedVersion); noteErr != nil {
		return channels.TemplateState{}, Retry(noteErr)
	}
	if !isRefused(err) {
		return channels.TemplateState{}, err
	}

	namesake, listErr := findNamesake(ctx, s, s.template)
	if listErr == nil && namesake != nil { // the next attempt finds out who created it
		return channels.TemplateState{}, &channels.SendError{
			Class: channels.Retry,
			Cause: err,
			Text:  "The provider has got a template of this name meanwhile.",
		}
	}

	return channels.TemplateState{}, err
}

// checkTwins refuses to change a template that another account shares and has submitted with other content.
func (cs *Chores) checkTwins(ctx context.Context, row store.Template) error {
	siblings, err := cs.listSiblings(ctx, row)
	if err != nil {
		return Retry(err)
	}
	for _, twin := range findTwins(siblings, row.ExternalID) {
		isAtProvider := isKept(twin) && twin.SubmittedAt != nil
		account := cs.Directory().Account(twin.AccountID)
		if isAtProvider && account != nil && bridge.TemplateDiffers(twin, row) {
			return channels.RefuseContent("Also the account "+account.Name+" has this template with other words: "+
				"give that one these words, too, then save this one again.", "")
		}
	}
	return nil
}

// adoptEarlierTemplate takes over a template that an earlier attempt created, and changes it if that version is outdated.
func (cs *Chores) adoptEarlierTemplate(ctx context.Context, s submission, made channels.TemplateState) (channels.TemplateState, error) {
	isDraft := made.Status == channels.TemplateDraft // created, but not submitted for approval yet
	if s.row.AskedVersion == s.row.Version && !isDraft {
		return made, nil
	}
	s.template.ExternalID = made.ExternalID
	return cs.changeTemplate(ctx, s)
}

// changeTemplate changes a template whose external id is known. If the provider refuses because it still
// reviews an earlier version, the change is retried later. If it refuses because a twin has made the same
// change, the change counts as made.
func (cs *Chores) changeTemplate(ctx context.Context, s submission) (channels.TemplateState, error) {
	state, err := s.SubmitTemplate(ctx, s.template)
	if err == nil || !isRefused(err) {
		return state, err
	}

	// If the list can't be read, the refusal is final. Saving the template submits it again.
	known, listErr := findListed(ctx, s, func(l channels.TemplateState) bool { return l.ExternalID == s.template.ExternalID })
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

// deleteTemplate deletes a template at its provider, unless a twin still needs it. It is retried later while
// another template of its name may become a twin. If the external id is unknown, it looks for what an attempt
// without an answer may have created.
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
		return Retry(err)
	}
	if slices.ContainsFunc(findTwins(siblings, row.ExternalID), isKept) {
		return nil
	}
	if slices.ContainsFunc(siblings, func(other store.Template) bool { return mayTakeOver(other, row) }) {
		return &channels.SendError{Class: channels.Retry, Text: "Another template of this name is being handed in."}
	}
	return templater.DeleteTemplate(ctx, bridge.ProviderTemplate(row))
}

// findNamesake returns what a provider has under a template's name and language, or nil.
func findNamesake(ctx context.Context, templater channels.Templater, t channels.Template) (*channels.TemplateState, error) {
	return findListed(ctx, templater, func(s channels.TemplateState) bool {
		hasName := s.Name == t.Name && s.Language == t.Language
		return hasName && s.ExternalID != ""
	})
}

// findListed returns the first template in a provider's list for which isWanted is true, or nil.
func findListed(
	ctx context.Context, t channels.Templater, isWanted func(channels.TemplateState) bool,
) (*channels.TemplateState, error) {
	states, err := t.ListTemplates(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(states, isWanted)
	if i < 0 {
		return nil, nil //nolint:nilnil // not found
	}
	return &states[i], nil
}

// listSiblings returns the other templates of all accounts of the same kind, including those that are being deleted.
func (cs *Chores) listSiblings(ctx context.Context, row store.Template) ([]store.Template, error) {
	rows, err := store.ListAllTemplates(ctx, cs.pool)
	if err != nil {
		return nil, err
	}

	dir := cs.Directory()
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

// findTwins returns the siblings with this external id. Those that are being deleted count only if there are no others.
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

// hasContent reports whether a twin with a template's content is at the provider or on its way there.
func hasContent(twins []store.Template, row store.Template) bool {
	return slices.ContainsFunc(twins, func(twin store.Template) bool {
		isOrWillBeAtProvider := isKept(twin) || twin.SubmittedAt != nil
		return isOrWillBeAtProvider && !bridge.TemplateDiffers(twin, row)
	})
}

// isKept reports whether a template isn't being deleted in Parley.
func isKept(t store.Template) bool { return t.Todo != store.TodoDelete }

// mayTakeOver reports whether a sibling without an external id is about to be submitted under the same name as
// row. It would then take over what the provider has of row.
func mayTakeOver(sibling, row store.Template) bool {
	hasName := sibling.ProviderName == row.ProviderName && sibling.Language == row.Language
	isUnknown := isKept(sibling) && sibling.ExternalID == ""
	return hasName && isUnknown && sibling.Status == string(channels.TemplatePending)
}

// mayBeMaking reports whether the namesake of row may have been created for a sibling whose attempt has no answer yet.
func mayBeMaking(sibling, row store.Template) bool {
	return mayTakeOver(sibling, row) && sibling.AskedVersion > 0
}

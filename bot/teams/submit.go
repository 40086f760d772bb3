package teams

import (
	"context"
	"errors"
	"strings"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/wire"
)

// People submit dialogs: they fill in a form, such as that of a reply, or click a button in a window that shows details.
// Teams sends that as an invoke, a request that waits for the next dialog or an empty response (see invocation). This
// file validates a form. If it has errors, the response is the form with the errors. Otherwise the form is stored as a
// fact (one thing that happened), which Parley's engine then applies.

// handleSubmit handles a submitted dialog: a form, or a click on a button of a window.
func (in *invocation) handleSubmit(ctx context.Context) (any, error) {
	if isUploadAnswer(in.value.Data) {
		return nil, nil
	}

	read, err := card.Read(in.value.Data)
	if err != nil {
		accepted := in.door.Desk.Accept(ctx, forms.QuarantinedFact(in.payload.Body, "form not readable: "+err.Error()))
		return dialogAnswer(in.problemDialog(errStaleForm(), PlaceOf(in.activity))), accepted
	}
	if read.Click != nil {
		return in.handleDialogClick(ctx, read.Click)
	}

	if in.user.Kind != bridge.ActorPerson {
		return dialogAnswer(in.dialogWithTyped(errForeign(), read.Form.Memory.Place, read.Form.TypedText())), nil
	}
	if read.Form.Memory.Files {
		return in.openUploadPage(ctx, read.Form), nil
	}
	return in.handleForm(ctx, read.Form)
}

// handleForm validates a form and stores it. If it has errors, or another form must follow, it returns that dialog.
func (in *invocation) handleForm(ctx context.Context, f *card.Submitted) (any, error) {
	filled, errs := f.Fill()
	if len(errs) > 0 {
		return dialogAnswer(in.formDialogAgain(ctx, f, errs)), nil
	}

	if filled.Verb == bridge.VerbList {
		return dialogAnswer(in.windowDialog(ctx, view.OpensList, filled.Args, f.Memory.Place)), nil
	}

	beginsConversation := filled.Verb == bridge.VerbNew && filled.Args.Recipient != ""
	if beginsConversation {
		if dialog, refused := in.refuseStart(ctx, f, filled); refused {
			return dialogAnswer(dialog), nil
		}
	}

	at := f.Memory.Place
	if forms.NeedsNextForm(filled, f.Memory.Pick) {
		return dialogAnswer(in.filledDialog(ctx, filled, at, f.Memory.Memory)), nil
	}

	inOurThread, err := in.door.Threads.IsOurs(ctx, at)
	if err != nil {
		return nil, err
	}
	in.payload.Own = inOurThread
	return nil, in.door.Desk.Accept(ctx, in.payload.FormFact(in.activity, f, in.value.Data))
}

// handleDialogClick handles a click on a button in a window. Some buttons open another window or form. The others act
// at once, and the window then shows the conversation's details.
func (in *invocation) handleDialogClick(ctx context.Context, c *card.Click) (any, error) {
	if c.Opens != view.OpensNothing || in.user.Kind != bridge.ActorPerson {
		return dialogAnswer(in.clickDialog(ctx, c, c.Place)), nil
	}
	if _, err := in.storeClick(ctx, in.value.Data); err != nil {
		return nil, err
	}
	if c.Args.Conversation == 0 || !wire.For(ctx, settleTime) {
		return nil, nil
	}
	return dialogAnswer(in.windowDialog(ctx, view.OpensDetails, c.Args, c.Place)), nil
}

// formDialogAgain shows a submitted form again. errs has the errors by field name. If the form can't be made any more,
// the dialog says why, and has the text that was typed.
func (in *invocation) formDialogAgain(ctx context.Context, f *card.Submitted, errs map[string]string) card.Dialog {
	name, args, err := verb.Pressed(f.Memory.Verb, f.Memory.Args)
	if err != nil {
		return in.dialogWithTyped(errStaleForm(), f.Memory.Place, f.TypedText())
	}
	form, _, err := in.door.formMaker().Form(ctx, name, args, f.Memory.Place, in.user.ID, f.Memory.Text)
	if err != nil {
		return in.dialogWithTyped(err, f.Memory.Place, f.TypedText())
	}
	return card.RedrawForm(form, *f, errs, in.door.Home())
}

// refuseStart checks whether a conversation may begin. If it may not, refused is true, and the dialog says why. If that
// can't be checked at the moment, refused is false, because the engine checks it again later.
func (in *invocation) refuseStart(ctx context.Context, f *card.Submitted, filled view.Filled) (dialog card.Dialog, refused bool) {
	open, err := in.door.Desk.MayStart(ctx, in.user.ID, bridge.Start{
		Account: filled.Args.Account, Recipient: filled.Args.Recipient, Subject: filled.Args.Subject, Text: filled.Text,
		Team: filled.Args.Team,
	})
	if p, ok := errors.AsType[*bridge.Problem](err); ok {
		isAboutField := p.Field != "" && f.Values[p.Field] != nil
		if isAboutField {
			return in.formDialogAgain(ctx, f, map[string]string{p.Field: strings.TrimSpace(p.Text + " " + p.Hint)}), true
		}
		return in.dialogWithTyped(p, f.Memory.Place, f.TypedText()), true
	}

	if err != nil {
		in.door.Log.Warn("teams form not checked", "error", err)
		return card.Dialog{}, false
	}
	if open.ID != 0 {
		return card.Window(view.Exists(open, filled.Text), f.Memory.Place, in.door.Home(), in.makeNonce()), true
	}

	return card.Dialog{}, false
}

package teams

import (
	"context"
	"errors"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// sendFiles sends one part of a post of files. The first parts list the files, with links to those that a message can't show. The
// last part shows the pictures: Teams would split a message with text and pictures into two.
func (s *poster) sendFiles(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	list, more, err := s.fileListOf(ctx, p)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}
	if list == nil {
		return s.sendPictures(ctx, service, p)
	}
	a, err := s.activityOf(ctx, content{text: list}, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}
	sent, err := s.postMessage(ctx, service, p.Place, a)
	sent.More = more
	return sent, err
}

// fileListOf returns the message of the list that is a post's part, or nil if the part is the one with the pictures. more means
// that another part follows.
func (s *poster) fileListOf(ctx context.Context, p bridge.Post) (list *card.Message, more bool, err error) {
	lists, hasPictures, err := s.renderFileLists(ctx, p)
	if err != nil || p.Part >= len(lists) {
		return nil, false, err
	}

	list = &lists[p.Part]
	if p.Unsure { // added to this message alone, so that it changes no other part
		remark := view.Card{Blocks: []view.Block{view.Small(mayBeTwice)}}
		list.Text += "<br>" + card.Messages(remark, "", s.Home())[0].Text
	}

	return list, hasPictures || p.Part+1 < len(lists), nil
}

// renderFileLists renders the list of the files, whose links may need several messages. hasPictures means that a part with
// pictures follows.
func (s *poster) renderFileLists(ctx context.Context, p bridge.Post) (lists []card.Message, hasPictures bool, err error) {
	from := p.Facts.Contact
	if p.Said != nil {
		from = p.Said.From
	}

	var names []string
	var lines []view.Block
	for _, f := range p.Files {
		name := f.Name
		if f.SizeBytes == 0 {
			name += " (0 bytes)"
		}

		names = append(names, name)
		how, err := chooseDisplay(ctx, f)
		if err != nil {
			return nil, false, err
		}
		if how != displayLink {
			hasPictures = true
		}
		if how != displayOriginal && f.SizeBytes > 0 {
			lines = append(lines, fileLine(f, how))
		}
	}

	c := view.Files(from, names, p.Missing)
	c.Blocks = append(c.Blocks, lines...)

	return card.Messages(c, p.Facts.Account.ChannelIcon, s.Home()), hasPictures, nil
}

// fileLine makes the line with the link to a file, or with the reason why there is no link.
func fileLine(f channels.File, how display) view.Block {
	unshown := f.Name + " can't be shown here: "
	if how == displayCopy {
		unshown = "Only a smaller copy of " + f.Name + " can be shown here: "
	}

	why := "this Parley has no public address. An admin can set PARLEY_PUBLIC_URL."
	if f.Link != nil {
		address, err := f.Link()
		if err == nil {
			return view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceLink, Text: "Download " + f.Name, URL: address}}}
		}

		why = "there is no link to it"
		if se, ok := errors.AsType[*channels.SendError](err); ok {
			why = se.Text
		}
	}

	return view.Block{Kind: view.BlockSmall, Pieces: []view.Piece{{Kind: view.PieceText, Text: unshown + why}}}
}

// sendPictures shows the pictures. It leaves out files of which no picture can be made: the list has links to them.
func (s *poster) sendPictures(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	a := connector.Activity{Type: connector.TypeMessage, Content: connector.Content{AttachmentLayout: "list"}}
	for _, f := range p.Files {
		drawn, ok, err := s.drawPicture(ctx, f)
		switch {
		case errors.Is(err, errNoPicture):
			s.Log.Info("teams shows no such picture", "error", err, "bytes", f.SizeBytes)
		case err != nil:
			return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
		case ok:
			a.Attachments = append(a.Attachments, drawn.makeAttachment(f.Name))
		}
	}

	if len(a.Attachments) == 0 {
		return bridge.Sent{Thread: p.Place.Thread}, nil
	}

	return s.postMessage(ctx, service, p.Place, a)
}

// drawPicture makes the picture of a file. ok is false if the file isn't shown as a picture.
func (s *poster) drawPicture(ctx context.Context, f channels.File) (drawn drawing, ok bool, err error) {
	how, err := chooseDisplay(ctx, f)
	switch how {
	case displayOriginal:
		drawn, err = readOriginal(ctx, f)
	case displayCopy:
		drawn, err = s.copyPicture(ctx, f)
	case displayLink:
		return drawing{}, false, err
	}
	return drawn, err == nil, err
}

// fileMatcherOf returns the test by which a part of a post of files is found among our messages: the list by its text,
// the pictures as a message without text. No other such message can be under way at the same time. more means that
// another part follows.
func (s *poster) fileMatcherOf(ctx context.Context, p bridge.Post) (matches func(*graph.Message) bool, more bool, err error) {
	list, more, err := s.fileListOf(ctx, p)
	if err != nil {
		return nil, false, err
	}
	if list == nil {
		return isOnlyPictures, false, nil
	}
	return hasText(*list), more, nil
}

// isOnlyPictures reports whether a message has pictures and no text.
func isOnlyPictures(m *graph.Message) bool {
	if readableText(m.Body.Content) != "" {
		return false
	}
	return len(m.Attachments) > 0 || strings.Contains(m.Body.Content, "<img")
}

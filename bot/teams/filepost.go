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

// fileListPart is the part of a post of files that lists them. The other part shows the pictures. A post of files has
// two parts because Teams would split a message with text and pictures into two.
const fileListPart = 0

// sendFileList sends the list of the files, with links to those that a message can't show.
func (s *poster) sendFileList(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	list, hasPictures, err := s.renderFileList(ctx, p)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}
	a, err := s.activityOf(ctx, content{text: &list}, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}
	sent, err := s.postMessage(ctx, service, p.Place, a)
	sent.More = hasPictures
	return sent, err
}

// renderFileList renders the list of the files. hasPictures means that the part with pictures follows.
func (s *poster) renderFileList(ctx context.Context, p bridge.Post) (list card.Message, hasPictures bool, err error) {
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
			return card.Message{}, false, err
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
	if p.Unsure {
		c.Blocks = append(c.Blocks, view.Small(mayBeTwice))
	}

	return card.Messages(c, p.Facts.Account.ChannelIcon, s.Home())[0], hasPictures, nil // a list of files fits into one
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
	if p.Part == fileListPart {
		list, hasPictures, err := s.renderFileList(ctx, p)
		return hasText(list), hasPictures, err
	}
	return isOnlyPictures, false, nil
}

// isOnlyPictures reports whether a message has pictures and no text.
func isOnlyPictures(m *graph.Message) bool {
	if readableText(m.Body.Content) != "" {
		return false
	}
	return len(m.Attachments) > 0 || strings.Contains(m.Body.Content, "<img")
}

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

// sendFiles makes a post of files in two parts, because Teams splits a message with text and pictures.
// Part 0 lists the files, with links to those that a message can't hold; part 1 shows the pictures.
func (s *poster) sendFiles(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	if p.Part > 0 {
		return s.sendPictures(ctx, service, p)
	}
	c, pictures, err := s.filesText(ctx, p)
	if err != nil {
		return bridge.Sent{}, s.access.certain(err, p)
	}
	a, err := s.activity(ctx, content{text: &c}, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.access.certain(err, p)
	}
	sent, err := s.post(ctx, service, p.Place, a)
	sent.More = pictures
	return sent, err
}

// filesText is the message above pictures; it says whether there are any.
func (s *poster) filesText(ctx context.Context, p bridge.Post) (text card.Message, pictures bool, err error) {
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
		how, err := displayOf(ctx, f)
		if err != nil {
			return card.Message{}, false, err
		}
		pictures = pictures || how != displayLink
		if how != displayOriginal && f.SizeBytes > 0 {
			lines = append(lines, fileLine(f, how))
		}
	}
	c := view.Files(from, names, p.Missing)
	c.Blocks = append(c.Blocks, lines...)
	if p.Unsure {
		c.Blocks = append(c.Blocks, view.Small(mayBeTwice))
	}
	return card.Messages(c, p.Facts.Account.ChannelIcon, s.Home())[0], pictures, nil
}

// fileLine leads to a file, or says why nothing does.
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
		var se *channels.SendError
		if errors.As(err, &se) {
			why = se.Text
		}
	}
	return view.Block{Kind: view.BlockSmall, Pieces: []view.Piece{{Kind: view.PieceText, Text: unshown + why}}}
}

// sendPictures shows the pictures. It leaves out files of which no picture can be made; the list of
// part 0 links them.
func (s *poster) sendPictures(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	a := connector.Activity{Type: connector.TypeMessage, Content: connector.Content{AttachmentLayout: "list"}}
	for _, f := range p.Files {
		drawn, ok, err := s.pictureOf(ctx, f)
		switch {
		case errors.Is(err, errNoPicture):
			s.Log.Info("teams shows no such picture", "error", err, "bytes", f.SizeBytes)
		case err != nil:
			return bridge.Sent{}, s.access.certain(err, p)
		case ok:
			a.Attachments = append(a.Attachments, drawn.attachment(f.Name))
		}
	}
	if len(a.Attachments) == 0 {
		return bridge.Sent{Thread: p.Place.Thread}, nil
	}
	return s.post(ctx, service, p.Place, a)
}

func (s *poster) pictureOf(ctx context.Context, f channels.File) (drawn drawing, ok bool, err error) {
	how, err := displayOf(ctx, f)
	switch how {
	case displayOriginal:
		drawn, err = originalOf(ctx, f)
	case displayCopy:
		drawn, err = s.copyOf(ctx, f)
	case displayLink:
		return drawing{}, false, err
	}
	return drawn, err == nil, err
}

// wantedFiles tells by which test a part of a post of files is found among our messages: part 0 by its
// text, part 1 as pictures without text. No other such message can be under way at the same time.
func (s *poster) wantedFiles(ctx context.Context, p bridge.Post) (is func(*graph.Message) bool, more bool, err error) {
	if p.Part == 0 {
		text, pictures, err := s.filesText(ctx, p)
		return like(text), pictures, err
	}
	return func(m *graph.Message) bool {
		return plain(m.Body.Content) == "" && (len(m.Attachments) > 0 || strings.Contains(m.Body.Content, "<img"))
	}, false, nil
}

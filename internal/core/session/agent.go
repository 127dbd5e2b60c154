package session

import (
	"regexp"
	"strings"
)

// NoteAgent is the note that a session has of the browser, or other program, that its user signed in by: the header
// User-Agent, cut to MaxAgent bytes.
const (
	NoteAgent = "user_agent"
	MaxAgent  = 256
)

// Agent is what somebody signed in by, as far as its name tells. Anybody may send any name: it is for people to
// recognize what is theirs, and proves nothing.
type Agent struct {
	Browser   string // with its version, as "Firefox/140.0"
	OS        string // "Other" where it is not known
	OSVersion string // "Unknown" where it is not known
	Device    string // as "iPhone"; "Other" where it is not known
	Mobile    bool
}

// browsers are how browsers say who they are. The first that is found counts: most claim to be others too.
var browsers = []struct {
	name string
	sign *regexp.Regexp // its group is the version
}{
	{"Edge", regexp.MustCompile(`Edg(?:e|A|iOS)?/([\d.]+)`)},
	{"Opera", regexp.MustCompile(`OPR/([\d.]+)`)},
	{"Samsung Internet", regexp.MustCompile(`SamsungBrowser/([\d.]+)`)},
	{"Firefox", regexp.MustCompile(`(?:Firefox|FxiOS)/([\d.]+)`)},
	{"Chrome", regexp.MustCompile(`(?:Chrome|CriOS)/([\d.]+)`)},
	{"Safari", regexp.MustCompile(`Version/([\d.]+).* Safari/`)},
}

// systems are how operating systems are named.
var systems = []struct {
	name   string
	sign   *regexp.Regexp // its group, where it has one, is the version
	device string
	mobile bool
}{
	{"iOS", regexp.MustCompile(`iPhone.*? OS ([\d_]+)`), "iPhone", true},
	{"iOS", regexp.MustCompile(`iPad.*? OS ([\d_]+)`), "iPad", true},
	{"Android", regexp.MustCompile(`Android ([\d.]+)`), other, true},
	{"Windows", regexp.MustCompile(`Windows NT ([\d.]+)`), other, false},
	{"Mac OS X", regexp.MustCompile(`Mac OS X ([\d_.]+)`), "Mac", false},
	{"Chrome OS", regexp.MustCompile(`CrOS \S+ ([\d.]+)`), other, false},
	{"Linux", regexp.MustCompile(`Linux`), other, false},
}

const (
	other   = "Other"
	unknown = "Unknown"
)

// AgentOf reads a User-Agent (RFC 9110 §10.1.5).
func AgentOf(text string) Agent {
	a := Agent{Browser: other, OS: other, OSVersion: unknown, Device: other}
	if first, _, _ := strings.Cut(text, " "); first != "" {
		a.Browser = first // the product that is sent first is the program itself, but in browsers
	}
	for _, b := range browsers {
		if m := b.sign.FindStringSubmatch(text); m != nil {
			a.Browser = b.name + "/" + m[1]
			break
		}
	}
	for _, s := range systems {
		m := s.sign.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		a.OS, a.Device, a.Mobile = s.name, s.device, s.mobile
		if len(m) > 1 {
			a.OSVersion = strings.ReplaceAll(m[1], "_", ".")
		}
		break
	}
	return a
}

// NotesFrom are the notes of a session that begins by a request with this User-Agent.
func NotesFrom(agent string) map[string]string {
	if agent == "" {
		return nil
	}
	return map[string]string{NoteAgent: strings.ToValidUTF8(agent[:min(len(agent), MaxAgent)], "")}
}

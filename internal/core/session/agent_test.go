package session_test

import (
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

func TestAgents(t *testing.T) {
	for text, want := range map[string]session.Agent{
		"":                   {"Other", "Other", "Unknown", "Other", false},
		"Go-http-client/1.1": {"Go-http-client/1.1", "Other", "Unknown", "Other", false},
		"curl/8.5.0":         {"curl/8.5.0", "Other", "Unknown", "Other", false},
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                                      {"Firefox/140.0", "Linux", "Unknown", "Other", false},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.3351.55":                           {"Edge/138.0.3351.55", "Windows", "10.0", "Other", false},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                                       {"Safari/18.5", "Mac OS X", "10.15.7", "Mac", false},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0.7204.33 Mobile/15E148 Safari/604.1":              {"Chrome/138.0.7204.33", "iOS", "18.5", "iPhone", true},
		"Mozilla/5.0 (Linux; Android 15; SM-S938B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36 and what follows": {"Samsung Internet/28.0", "Android", "15", "Other", true},
	} {
		if got := session.AgentOf(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}

func TestNotesOfAnAgentAreBoundedAndValid(t *testing.T) {
	if got := session.NotesFrom(""); got != nil {
		t.Errorf("notes of nothing: %v", got)
	}
	got := session.NotesFrom(strings.Repeat("é", session.MaxAgent) + "\xff")[session.NoteAgent]
	if len(got) != session.MaxAgent || strings.Trim(got, "é") != "" {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	if got := session.NotesFrom("a" + strings.Repeat("é", session.MaxAgent))[session.NoteAgent]; len(got) != session.MaxAgent-1 {
		t.Errorf("a letter was cut in two: %q", got)
	}
}

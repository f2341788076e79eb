// Command go-redis is what a team of Go programmers would write: net/http, one Lua script, and Redis that puts every write on disk before it answers.
// Usage: go-redis PORT REDIS_PORT LUA_FILE; the partner's secret is in PARTNER_SECRET (base64).
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

const (
	maxBody     = 1 << 20
	maxDraws    = 500
	cardIDBytes = 24
)

var requestIDForm = regexp.MustCompile(`^[\x20-\x7e]{1,128}$`)

type draw struct {
	RequestID string `json:"requestId"`
	Recipient string `json:"recipient,omitempty"`
}

type result struct {
	RequestID string `json:"requestId"`
	Status    string `json:"status"`
	CardID    string `json:"cardId,omitempty"`
	URL       string `json:"url,omitempty"`
}

type server struct {
	redis  *redis.Client
	script *redis.Script
	secret []byte
	// Limits of the campaigns, as they were loaded: string to int.
	limits sync.Map
}

func main() {
	port, redisPort, luaFile := os.Args[1], os.Args[2], os.Args[3]
	secret, err := base64.StdEncoding.DecodeString(os.Getenv("PARTNER_SECRET"))
	check(err)
	lua, err := os.ReadFile(luaFile)
	check(err)
	s := &server{
		redis:  redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + redisPort}),
		script: redis.NewScript(string(lua)),
		secret: secret,
	}
	known, err := s.redis.HGetAll(context.Background(), "limits").Result()
	check(err)
	for campaign, limit := range known {
		n, err := strconv.Atoi(limit)
		check(err)
		s.limits.Store(campaign, n)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /partner/v1/campaigns/{campaign}/draws", s.draws)
	mux.HandleFunc("POST /load/{campaign}", s.load)
	mux.HandleFunc("GET /cards/{campaign}/{card}", s.card)
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ready") })
	check(http.ListenAndServe("127.0.0.1:"+port, mux))
}

func (s *server) draws(w http.ResponseWriter, r *http.Request) {
	campaign := r.PathValue("campaign")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		answer(w, http.StatusRequestEntityTooLarge, map[string]string{"code": "body_too_large"})
		return
	}
	if !isSigned(r, body, s.secret) {
		answer(w, http.StatusUnauthorized, map[string]string{"code": "signature_invalid"})
		return
	}
	limit, ok := s.limits.Load(campaign)
	if !ok {
		answer(w, http.StatusNotFound, map[string]string{"code": "campaign_not_found"})
		return
	}
	draws, err := parse(body)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"code": "invalid_request"})
		return
	}
	args := make([]any, 0, 2+3*len(draws))
	args = append(args, limit, time.Now().UnixMilli())
	for _, d := range draws {
		args = append(args, d.RequestID, d.Recipient, newCardID())
	}
	tag := "{" + campaign + "}:"
	keys := []string{tag + "deck", tag + "requests", tag + "recipients", tag + "cards", tag + "log"}
	answers, err := s.script.Run(r.Context(), s.redis, keys, args...).StringSlice()
	if err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"code": "overloaded"})
		return
	}
	results := make([]result, len(draws))
	for i, d := range draws {
		results[i] = result{RequestID: d.RequestID, Status: answers[2*i], CardID: answers[2*i+1]}
		if results[i].CardID != "" {
			results[i].URL = "https://liff.line.me/1/c/" + campaign + "/" + results[i].CardID
		}
	}
	answer(w, http.StatusOK, map[string]any{"results": results})
}

// card is not a part of what is measured: a card as it stands.
func (s *server) card(w http.ResponseWriter, r *http.Request) {
	card, err := s.redis.HGet(r.Context(), "{"+r.PathValue("campaign")+"}:cards", r.PathValue("card")).Result()
	if err != nil {
		answer(w, http.StatusNotFound, map[string]string{"code": "card_not_found"})
		return
	}
	fields := strings.Split(card, "\n")
	answer(w, http.StatusOK, map[string]string{"state": fields[0], "requestId": fields[3]})
}

// load is not a part of what is measured: a campaign and its deck, shuffled already.
func (s *server) load(w http.ResponseWriter, r *http.Request) {
	var given struct {
		Limit int   `json:"limit"`
		Deck  []any `json:"deck"`
	}
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"code": "invalid_request"})
		return
	}
	campaign := r.PathValue("campaign")
	check(s.redis.HSet(r.Context(), "limits", campaign, given.Limit).Err())
	s.limits.Store(campaign, given.Limit)
	if len(given.Deck) > 0 {
		check(s.redis.RPush(r.Context(), "{"+campaign+"}:deck", given.Deck...).Err())
	}
	answer(w, http.StatusOK, map[string]string{})
}

func parse(body []byte) ([]draw, error) {
	var given struct {
		Draws []draw `json:"draws"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		return nil, err
	}
	if len(given.Draws) == 0 || len(given.Draws) > maxDraws {
		return nil, errors.New("1 to 500 draws")
	}
	for _, d := range given.Draws {
		if !requestIDForm.MatchString(d.RequestID) || utf8.RuneCountInString(d.Recipient) > 128 {
			return nil, errors.New("requestId or recipient")
		}
	}
	return given.Draws, nil
}

func newCardID() string {
	id := make([]byte, cardIDBytes)
	_, _ = rand.Read(id)
	return base64.RawURLEncoding.EncodeToString(id)
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	check(err)
	w.Header().Set("content-type", "application/json")
	w.Header().Set("content-length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// What a language server could cost at least: it starts, answers and publishes at once, without having read what it is told. What the
// client, the pipes and the system take of a measured time is what this takes. For tests/clients/bench; reads what that client writes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(const char *body) { printf("Content-Length: %zu\r\n\r\n%s", strlen(body), body); }

static void answer(const char *id, const char *result) {
  static char body[1 << 14];
  snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":%s}", strtol(id, NULL, 10), result);
  say(body);
}

// One diagnostic for the document, under the version that it has now.
static void publish(const char *message) {
  static char body[1 << 12];
  const char *uri = strstr(message, "\"uri\":\""), *version = strstr(message, "\"version\":");
  if (!uri || !version) return;
  snprintf(body, sizeof body,
           "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":\"%.*s\",\"version\":%ld,\"diagnostics\":[{"
           "\"range\":{\"start\":{\"line\":0,\"character\":0},\"end\":{\"line\":0,\"character\":1}},\"message\":\"floor\"}]}}",
           (int)strcspn(uri + 7, "\""), uri + 7, strtol(version + 10, NULL, 10));
  say(body);
}

int main(void) {
  static char line[256], message[1 << 22];
  size_t length = 0;
  while (fgets(line, sizeof line, stdin)) {
    if (!strncmp(line, "Content-Length:", 15)) length = strtoul(line + 15, NULL, 10);
    if (strcmp(line, "\r\n")) continue;
    if (length >= sizeof message || fread(message, 1, length, stdin) != length) return 1;
    message[length] = 0;
    const char *id = strstr(message, "\"id\":");
    if (strstr(message, "\"initialize\"")) answer(id + 5, "{\"capabilities\":{\"textDocumentSync\":2,\"codeActionProvider\":true}}");
    else if (strstr(message, "\"textDocument/codeAction\"")) answer(id + 5, "[]");
    else if (strstr(message, "\"shutdown\"")) answer(id + 5, "null");
    else if (strstr(message, "\"textDocument/did")) publish(message);
    else if (strstr(message, "\"exit\"")) return 0;
    fflush(stdout);
  }
  return 0;
}

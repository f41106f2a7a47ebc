use super::*;
use proptest::prelude::*;

/// Texts with their secrets between `«` and `»`. A `§` is taken out, so that nobody's scanner takes them for real ones.
const SECRETS: &[&str] = &[
    // Keys with a prefix.
    "aws = «AK§IAQ3EGRJ7Z5TXW2LKD»;",
    "id: «AS§IAQ3EGRJ7Z5TXW2LKD»",
    "x «ghp§_16C7e42F292c6912E7710c838347Ae178B4a» y",
    "gho: \"«gho§_16C7e42F292c6912E7710c838347Ae178B4a»\"",
    "«ghs§_16C7e42F292c6912E7710c838347Ae178B4a»",
    "«github§_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ0123456789abcdefghijklmnopqrstuvwxyz0123»",
    "GL: «glp§at-Ab3dEf6hIj9kLm2nOp5q»",
    "runner «glr§t-Ab3dEf6hIj9kLm2nOp5q».",
    "(«sk§-ant-api03-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z»)",
    "«sk§-proj-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z»",
    "«sk§-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7b»",
    "«gsk§_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7b»",
    "«hf§_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3x»",
    "?key=«AIz§aSyD3x7fK9mQ2wE5rT8yU1iO4pA6sD0gH2jK»",
    "«GOC§SPX-aB3dE5fG7hI9jK1lM3nO5pQ7rS9t»",
    "«ya2§9.a0AfH6SMBx3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z»",
    "«xox§b-123456789012-1234567890123-aB3dE5fG7hI9jK1lM3nO5pQ7»",
    "«xap§p-1-A0123456789-1234567890123-0a1b2c3d4e5f»",
    "«sk§_live_4eC39HqLyjWDarjtT1zdp7dc»",
    "«rk§_live_4eC39HqLyjWDarjtT1zdp7dc»",
    "«whs§ec_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW»",
    "//registry/:_x=«npm§_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5»",
    "«pyp§i-AgEIcHlwaS5vcmcCJGFiY2RlZmdoLTEyMzQtNTY3OC05MGFiLWNkZWYwMTIzNDU2Nw»",
    "«dck§r_pat_aB3dE5fG7hI9jK1lM3nO5pQ7rS9»",
    "«SG§.aB3dE5fG7hI9jK1lM3nO5p.Q7rS9tU1vW3xY5zA7bC9dE1fG3hI5jK7lM9nO1pQ3rS»",
    "«key§-0a1b2c3d4e5f60718293a4b5c6d7e8f9»",
    "«dop§_v1_0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9»",
    "«dap§i0a1b2c3d4e5f60718293a4b5c6d7e8f9»",
    "«gls§a_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW_3xY5zA7b»",
    "«hvs§.CAESIJ3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7b»",
    "«lin§_api_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5»",
    "«shp§at_0a1b2c3d4e5f60718293a4b5c6d7e8f9»",
    "«tsk§ey-auth-kAbCdEf1CNTRL-aB3dE5fG7hI9jK1lM3nO5»",
    "«AGE-SEC§RET-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE»",
    "«123456789§:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawx»",
    "«SK0a1b2c3d4e5f§60718293a4b5c6d7e8f9»",
    "«0a1b2c3d4e5f60718293a4b5c6d7e8f9§-us12»",
    "jwt «eyJhbGciOiJIUzI1NiJ9§.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U»",
    "https://hooks.slack.com/services/«T00000000/B11111111/§aB3dE5fG7hI9jK1lM3nO5pQ7»",
    "https://discord.com/api/webhooks/123456789012345678/«aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9dE1f»",
    // The same, put together of literals.
    "k = \"«AK§IA»\" + \"«Q3EGRJ7Z5TXW2LKD»\"",
    "k = \"«ghp§_16C7e42F292c»\"\n    \"«6912E7710c838347Ae178B4a»\"",
    "$k = '«ghp§_16C7e42F»' . '«292c6912E7710c838347Ae178B4a»';",
    "password = \"«hunter»\" + \"«2-und-mehr»\"",
    "token = (\"«aB3dE5fG7hI9jK1l»\"\n         \"«M3nO5pQ7rS9tU1vW»\")",
    // Keys in blocks.
    "-----BEGIN RSA PRIVATE KEY-----\n«MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9OiJjRazXBZ1BjP5CE/Wm/Rr500P»\n«RK+Lh9x5eJPo5CAZ3/ANBE0sTK0ZsDGMak2m1g7=»\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n«MIIEvQIBADANBgkqhkiG9w0BAQEFAASC»\n-----END PRIVATE KEY-----\n",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n«b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ»\n",
    "-----BEGIN EC PRIVATE KEY-----\n«MHcCAQEEIIGlRHzXh1x6T1mK»",
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C3D4E5F\n\n«MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyu»\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n«lQOYBFmZ1qABCADIkYp0xJmZ6f5d»\n«=aB3d»\n-----END PGP PRIVATE KEY BLOCK-----",
    "k = \"-----BEGIN PRIVATE KEY-----\\n«MIIEvQIBADANBgkqhkiG9w0B»\\n«AQEFAASCBKcwggSjAgEA»\\n-----END PRIVATE KEY-----\\n\"",
    "k = \"-----BEGIN PRIVATE KEY-----\\n\" +\n  \"«MIIEvQIBADANBgkqhkiG9w0B»\\n\" +\n  \"-----END PRIVATE KEY-----\"",
    "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n«P2/56wAAAgwAAAAmZGwtbW9kcH»\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
    "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 2\n«AAABAQCb0nD3bDlcAcCpxXHm3gRBZQT»\n«0LyqJkC8yq0LJ8QYbFo=»\nPrivate-MAC: «0a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2d3»",
    "client-key-data: «LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlF»",
    "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4\",\"d\":\"«X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJo»\"}",
    "<RSAKeyValue><Modulus>0vx7agoebGcQSuuPiLJX</Modulus><D>«X4cTteJYgn4FYPsXB8rdXix5vwsg1FLN»</D></RSAKeyValue>",
    // Addresses.
    "postgres://me:«p4ssw0rd!»@db/x",
    "DATABASE_URL=postgresql://app:«s3cr3t»@10.0.0.1:5432/app",
    "mongodb+srv://root:«Tr0ub4dor»@cluster0.abc.mongodb.net/test",
    "redis://:«hunter2»@cache:6379/0",
    "amqp://guest:«r4bb1t/mq»@mq:5672/vhost",
    "mysql://u:«p@ss:w0rd»@host/db",
    "https://user:«hunter2pw»@git.example.org/x.git",
    "git clone https://«ghx0a1B2c3D4e5F6g7H8i9J0»@github.com/o/r",
    "jdbc:postgresql://h:5432/db?user=app&password=«hunter2»&ssl=true",
    "jdbc:sqlserver://h;databaseName=x;user=sa;password=«P4ss!word»;",
    "jdbc:oracle:thin:scott/«t1ger»@//db:1521/x",
    "\"Server=db;Database=x;User Id=sa;Password=«P4ss!word»;Encrypt=true\"",
    "\"Driver={ODBC};UID=sa;PWD=«P4ssword1»;\"",
    "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA==»;EndpointSuffix=core",
    "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=«aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9d=»",
    "https://x.blob.core.windows.net/c?sv=2020&sig=«aB3dE5fG7hI9jK1lM3nO5pQ7rS9%2B%3D»",
    "https://api.example.org/v1?access_token=«aB3dE5fG7hI9jK1lM3nO»&x=1",
    "https://api.example.org/v1?api_key=«0a1b2c3d4e5f6071»",
    "otpauth://totp/Ex:me?secret=«JBSWY3DPEHPK3PXP»&issuer=Ex",
    "sqlalchemy.url = postgresql+psycopg2://me:«hunter2»@localhost/x",
    // Settings.
    "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY»",
    "aws_session_token=«IQoJb3JpZ2luX2VjEJr3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW»",
    "password: «hunter2»",
    "password: «letmein»",
    "password: '«Tr0ub4dor&3»'",
    "password: \"«Tr0ub4dor&3»\"  # of production",
    "password: «Tr0ub4dor&3»  # of production",
    "password: «pa$$w0rd»",
    "password: «12345678»",
    "db_password=«hunter2»",
    "db_password = «hunter2»",
    "DB_PASSWORD=«hunter2»",
    "DB_PASSWORD=«pa$$w0rd»",
    "DB_PASSWORD=«correct-horse»",
    "DB_PASSWORD='«hunter2!»'",
    "export DB_PASSWORD=«hunter2»",
    "export API_TOKEN=\"«aB3dE5fG7hI9jK1l»\"",
    "set DB_PASSWORD=«hunter2»",
    "$env:API_TOKEN = \"«aB3dE5fG7hI9jK1l»\"",
    "set -gx API_TOKEN «aB3dE5fG7hI9jK1l»",
    "setenv API_TOKEN «aB3dE5fG7hI9jK1l»",
    "      - POSTGRES_PASSWORD=«x7Gk29»",
    "      POSTGRES_PASSWORD: «x7Gk29»",
    "      - \"POSTGRES_PASSWORD=«x7Gk29»\"",
    "spring.datasource.password=«hunter2»",
    "spring.datasource.password: «hunter2»",
    "password: ${DB_PASSWORD:«hunter2»}",
    "PASSWORD=${PASSWORD:-«hunter2»}",
    "ENV X_PASSWORD «hunter2»",
    "ENV X_PASSWORD=«hunter2»",
    "ARG NPM_TOKEN=«aB3dE5fG7hI9jK1l»",
    "secret_key_base: «0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071»",
    "[client]\nuser=root\npassword=«hunter2»\n",
    "; ini\nsmtp_pass = «hunter2» ; of mail",
    "//registry.npmjs.org/:_authToken=«aB3dE5fG-7hI9-jK1l-M3nO»",
    "_auth=«bWU6aHVudGVyMmh1bnRlcjI=»",
    "machine api.example.org login me password «hunter2»",
    "machine api.example.org\n  login me\n  password «hunter2»\n",
    "db.example.org:5432:app:me:«hunter2»",
    "requirepass «hunter2»",
    "user: me\npassword:\n  \"«hunter2»\"",
    "password: |\n  «hunter2»\n",
    "- name: DB_PASSWORD\n  value: «hunter2»",
    "- name: DB_PASSWORD\n  value: \"«hunter2»\"",
    "{\"name\": \"API_TOKEN\", \"value\": \"«aB3dE5fG7hI9jK1l»\"}",
    "{\"password\": \"«hunter2»\"}",
    "{\"password\":\"«hunter2»\",\"user\":\"me\"}",
    "'{\\\"password\\\": \\\"«hunter2»\\\"}'",
    "{\"auths\": {\"r.io\": {\"auth\": \"«bWU6aHVudGVyMmh1bnRlcjI=»\"}}}",
    "PrivateKey = «aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9c=»",
    "wpa_passphrase=«hunter22»",
    "psk=\"«hunter22»\"",
    "ansible_become_password: «hunter2»",
    "ansible_ssh_pass=«hunter2»",
    "seed_phrase = \"«abandon ability able about above absent absorb abstract absurd abuse access zoo»\"",
    "webhook_secret = \"«0a1b2c3d4e5f60718293»\"",
    "client_secret: «aB3dE~5fG7.hI9jK1l-M3nO5»",
    "encryption_key = \"«0a1b2c3d4e5f60718293a4b5c6d7e8f9»\"",
    "private_key: «0x4c0883a69102937d6231471b5dbb6204fe512961708279f1»",
    // Markup.
    "<password>«hunter2»</password>",
    "<db:password>«hunter2»</db:password>",
    "<password encrypted=\"false\">«hunter2»</password>",
    "<datasource user=\"sa\" password=\"«hunter2»\"/>",
    "<add key=\"ApiKey\" value=\"«aB3dE5fG7hI9jK1l»\"/>",
    "<property name=\"password\" value=\"«hunter2»\"/>",
    "<property name='connection.password'>«hunter2»</property>",
    "<string name=\"api_key\">«aB3dE5fG7hI9jK1l»</string>",
    "<entry key=\"db.password\">«hunter2»</entry>",
    // Code.
    "password = \"«hunter2hunter2»\"",
    "\"api_key\": \"«0123456789abcdef»\"",
    "const PASSWORD: &str = \"«hunter2»\";",
    "const API_KEY: &'static str = \"«aB3dE5fG7hI9jK1l»\";",
    "private readonly apiKey: string = '«aB3dE5fG7hI9jK1l»';",
    "val password: String = \"«hunter2»\"",
    "var password string = \"«hunter2»\"",
    "password := \"«hunter2»\"",
    "String password = \"«hunter2»\";",
    "char password[] = \"«hunter2»\";",
    "static const char *db_password = \"«hunter2»\";",
    "#define WIFI_PASSWORD \"«hunter22»\"",
    "$password = '«hunter2»';",
    "$config['db_password'] = '«hunter2»';",
    "define('DB_PASSWORD', '«hunter2»');",
    ":password => '«hunter2»',",
    "password: str = \"«hunter2»\"",
    "connect(user=\"me\", password=\"«hunter2»\")",
    "os.environ[\"API_TOKEN\"] = \"«aB3dE5fG7hI9jK1l»\"",
    "token = os.getenv(\"API_TOKEN\", \"«aB3dE5fG7hI9jK1l»\")",
    "const token = process.env.TOKEN || '«aB3dE5fG7hI9jK1l»'",
    "config.setPassword(\"«hunter2»\");",
    "props.put(\"password\", \"«hunter2»\");",
    "if password == \"«hunter2»\" {",
    "let token = String::from(\"«aB3dE5fG7hI9jK1l»\");",
    "{ password: '«hunter2»', user: 'me' }",
    "password = b\"«hunter2»\"",
    "password = r'«hunter2»'",
    "password = \"\"\"«hunter2»\"\"\"",
    "const password = `«hunter2»`",
    "CREATE USER me WITH PASSWORD '«hunter2»';",
    "ALTER USER me IDENTIFIED BY '«hunter2»';",
    "SET PASSWORD = '«hunter2»';",
    // Headers.
    "Authorization: Bearer «aB3dE5fG7hI9jK1lM3nO»",
    "Authorization: Basic «bWU6aHVudGVyMg==»",
    "headers = {\"Authorization\": \"Bearer «aB3dE5fG7hI9jK1lM3nO»\"}",
    "-H 'X-Api-Key: «aB3dE5fG7hI9jK1l»'",
    "-H \"PRIVATE-TOKEN: «aB3dE5fG7hI9jK1lM3nO»\"",
    // Commands.
    "curl -u me:«hunter2» https://api.example.org",
    "curl --user 'me:«hunter2»' https://api.example.org",
    "http -a me:«hunter2» example.org",
    "wget --password=«hunter2» ftp://x",
    "sshpass -p «hunter2» ssh me@host",
    "sshpass -p '«hunter2»' ssh me@host",
    "mysql -u root -p«hunter2» db",
    "mysqldump --password=«hunter2» db",
    "PGPASSWORD=«hunter2» psql -h db",
    "docker login -u me -p «hunter2» r.io",
    "echo «hunter2» | docker login --password-stdin -u me",
    "echo '«hunter2»' | sudo -S true",
    "echo \"me:«hunter2»\" | chpasswd",
    "redis-cli -h x -a «hunter2» ping",
    "openssl rsa -in k -passin pass:«hunter2»",
    "htpasswd -b .htpasswd me «hunter2»",
    "net user me «hunter2» /add",
    "keytool -keystore k -storepass «hunter2»",
    "tool --password «hunter2» --verbose",
    "tool --api-key=«aB3dE5fG7hI9jK1l» run",
    "java -Dspring.datasource.password=«hunter2» -jar x.jar",
    "kubectl create secret generic s --from-literal=password=«hunter2»",
    "smbclient //h/s -U 'me%«hunter2»'",
    "sqlplus scott/«t1ger»@db",
    // Hashes.
    "me:«$apr1$aB3dE5fG$7hI9jK1lM3nO5pQ7rS9tU1»",
    "root:«$6$aB3dE5fG$7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9dE1fG3hI5jK7»:19000:0",
    "hash = \"«$2b$12$aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9dE1fG3hI5jK»\"",
    // Names of files.
    "keys/«ghp§_16C7e42F292c6912E7710c838347Ae178B4a».txt",
    "backup/«AK§IAQ3EGRJ7Z5TXW2LKD»_credentials.csv",
];

/// What looks a little like a secret and is none.
const OTHERS: &[&str] = &[
    "password = os.environ[\"PASSWORD\"]",
    "token = \"your_token_here\"",
    "password: \"${DB_PASSWORD}\"",
    "password: ${DB_PASSWORD}",
    "password: $DB_PASSWORD",
    "DB_PASSWORD=$(cat /run/secrets/db)",
    "POSTGRES_PASSWORD_FILE=/run/secrets/db",
    "let key = \"name\";",
    "secret = get_secret(\"path\")",
    "https://example.org/a:b",
    "https://example.org:8080/path@2x.png",
    "fn token(&self) -> &str { \"x\" }",
    "let token = tokens.next()?;",
    "password: string;",
    "password: str",
    "pub password: Option<String>,",
    "    password=password,\n    user=user,",
    "self.token = token",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "password: {{ vault_db_password }}",
    "password: <your password>",
    "max_tokens: 1024",
    "next_page_token = \"CAEQAA1b2c3\"",
    "publicKeyToken=\"b77a5c561934e089\"",
    "aws_access_key_id",
    "password_field = \"input-password\"",
    "label: \"Password\"",
    "password: \"Enter your password\"",
    "errors.password = 'Password is too short'",
    "passwordLabel: 'Passwort'",
    "token_type: bearer",
    "tool --password-stdin",
    "tool --password PASSWORD",
    "class=\"sk-loading-spinner-container-large\"",
    "integrity sha512-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA==",
    "checksum = \"0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9\"",
    "commit 0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d",
    "-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyu\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyu\n-----END PUBLIC KEY-----",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCb0nD3bDlcAcCpxXHm3gRBZQT me@host",
    "if token == \"}\" {",
    "cache_key = f\"user-{id}\"",
    "password: null",
    "the password of the user is checked first",
    "# token: the one that the server gave",
    "println!(\"password: {password}\");",
    "MASKED_SECRET_0a1b2c3d",
    "password = \"MASKED_SECRET_0a1b2c3d\"",
    "npm_config_registry_and_other_things_of_it = 1",
    "token = \"access_token\"",
    "grant_type=password&client_id=x",
    "user.password.length >= 8",
    "db.query('select password from users')",
    "postgres://user:password@localhost/db",
    "postgres://{user}:{password}@{host}/db",
];

fn marked(case: &str) -> (String, Vec<Range<usize>>) {
    let (mut text, mut spans, mut start) = (String::new(), Vec::new(), 0);
    for c in case.chars() {
        match c {
            '§' => {}
            '«' => start = text.len(),
            '»' => spans.push(start..text.len()),
            c => text.push(c),
        }
    }
    (text, spans)
}

#[test]
fn secrets_of_every_form_are_found_and_nothing_beside_them() {
    assert!(SECRETS.len() >= 200, "{}", SECRETS.len());
    let wrong: Vec<String> = SECRETS
        .iter()
        .filter_map(|case| {
            let (text, spans) = marked(case);
            let found: Vec<_> = find(&text).into_iter().map(|s| s.bytes).collect();
            let of = |spans: &[Range<usize>]| spans.iter().map(|s| text[s.clone()].to_owned()).collect::<Vec<_>>();
            (found != spans).then(|| format!("{text}\n  found  {:?}\n  wanted {:?}", of(&found), of(&spans)))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), SECRETS.len(), wrong.join("\n"));
}

#[test]
fn what_is_no_secret_stays() {
    let wrong: Vec<String> = OTHERS
        .iter()
        .filter_map(|text| {
            let found: Vec<_> = find(text).into_iter().map(|s| text[s.bytes].to_owned()).collect();
            (!found.is_empty()).then(|| format!("{text}\n  found {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_it_is_is_said() {
    for (case, kind) in [
        ("«ghp§_16C7e42F292c6912E7710c838347Ae178B4a»", "a key of GitHub"),
        ("-----BEGIN PRIVATE KEY-----\n«MIIEvQIBADANBgkq»", "a private key"),
        ("https://a:«hunter2»@b", "a credential in an address, a header or a command"),
        ("password: «hunter2»", "a value that its name calls secret"),
        ("«$2b$12$aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9dE1fG3hI5jK»", "a password's hash"),
    ] {
        let (text, _) = marked(case);
        assert_eq!(find(&text).first().map(|s| s.kind.to_string()).as_deref(), Some(kind), "{text}");
    }
}

#[test]
fn masks_are_the_same_for_the_same_secret_and_are_turned_back() {
    let masker = Masker::default();
    let text = "password: hunter2\nurl: https://me:hunter2@x\ntoken: \"MASKED_SECRET_\" é MASKED_SECRET_0000000é\n";
    let masked = masker.mask(text);
    assert!(!masked.contains("hunter2"), "{masked}");
    assert_eq!(masker.count(), 1);
    assert_eq!(masker.mask(&masked), masked, "a mask is no secret");
    assert_eq!(masker.reveal(&masked), text);
    assert_eq!(Masker::default().reveal(&masked), masked, "nobody else knows what is behind it");
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        ".{0,12}",
        "[\"'`=:<>{}$\\\\\n ,()@/-]{0,6}",
        prop::sample::select(SECRETS).prop_map(|case| marked(case).0),
        prop::sample::select(vec![
            "password",
            "token: ",
            "-----BEGIN PRIVATE KEY-----",
            "${SECRET:-",
            "value=",
            "é",
            "://"
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn spans_are_in_order_within_lines_and_masks_turn_back(text in texts()) {
        let mut end = 0;
        for secret in find(&text) {
            prop_assert!(secret.bytes.start >= end && secret.bytes.start < secret.bytes.end);
            prop_assert!(text.get(secret.bytes.clone()).is_some_and(|s| !s.contains('\n')), "{:?}", secret);
            end = secret.bytes.end;
        }
        let masker = Masker::default();
        let masked = masker.mask(&text);
        prop_assert_eq!(masked.lines().count(), text.lines().count());
        prop_assert_eq!(masker.reveal(&masked), text);
    }
}

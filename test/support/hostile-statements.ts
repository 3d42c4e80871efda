import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a command of the client would make, did it run. */
export const mark = join(tmpdir(), `holdfast-mark-${process.pid}`);
/** A harmless statement. */
export const table = "CREATE TABLE `t` (`a` int, `b` text);\n";
/** `table` is line 1. */
export const after = (sql: string) => table + sql;

/** What somebody tries, and the reason and line of its refusal. */
export type Case = readonly [what: string, sql: string, reason: string, line: number];

/** Commands that the client program would carry out itself. */
export const clientCommands: readonly Case[] = [
  ["a shell command at a line's start", after(`\\! touch ${mark}\n`), "SQL_CLIENT_COMMAND", 2],
  ["one with CRLF", table.replace("\n", "\r\n").concat(`\\! touch ${mark}\r\n`), "SQL_CLIENT_COMMAND", 2],
  ["one behind a byte order mark", `\uFEFF\\! touch ${mark}\n${table}`, "SQL_CLIENT_COMMAND", 1],
  ["one within a statement", after(`INSERT INTO t\n\\! touch ${mark}\nVALUES (1,'');\n`), "SQL_CLIENT_COMMAND", 3],
  ["one among rows", after(`INSERT INTO t VALUES (1,'a'),\n(2, \\! touch ${mark}\n'b');\n`), "SQL_CLIENT_COMMAND", 3],
  ["one in a versioned comment", after(`/*!50000 \n\\! touch ${mark}\n */;\n`), "SQL_CLIENT_COMMAND", 3],
  ["one in a comment of MariaDB's versions", after(`/*M!100000 \n\\! touch ${mark}\n */;\n`), "SQL_CLIENT_COMMAND", 3],
  ["one behind DELIMITER", after(`DELIMITER ;;\n\\! touch ${mark}\n;;\nDELIMITER ;\n`), "SQL_CLIENT_COMMAND", 3],
  ["one behind a quote that DELIMITER made", after(`DELIMITER '\n\\! touch ${mark}\n`), "SQL_CLIENT_COMMAND", 2],
  ["one in a routine's body", after("DELIMITER ;;\nCREATE PROCEDURE p() BEGIN\n\\! touch x\nEND;;\n"), "SQL_CLIENT_COMMAND", 4],
  ["a file read in", after("\\. /etc/passwd\n"), "SQL_CLIENT_COMMAND", 2],
  ["a tee", after(`\\T ${mark}\n`), "SQL_CLIENT_COMMAND", 2],
  ["another connection", after("\\r other localhost\n"), "SQL_CLIENT_COMMAND", 2],
  ...[
    `system touch ${mark}`,
    `SYSTEM touch ${mark}`,
    "source /etc/passwd",
    `tee ${mark}`,
    "pager cat",
    "edit",
    "connect mysql localhost",
  ].map((line): Case => [`the command ${line.split(" ")[0]}`, after(`${line}\n`), "SQL_CLIENT_COMMAND", 2]),
  ["a command in front of all", `  -- a comment\n\nsystem touch ${mark}\n${table}`, "SQL_CLIENT_COMMAND", 3],
  ["DELIMITER within a statement", after("CREATE TABLE u (delimiter int, a int);\n"), "SQL_CLIENT_COMMAND", 2],
];

/** Statements that reach beyond the one database. */
export const otherDatabases: readonly Case[] = [
  ["USE of the system's", after("USE mysql;\n"), "SQL_OTHER_DATABASE", 2],
  ["USE of it in a versioned comment", after("/*!40000 USE mysql */;\n"), "SQL_OTHER_DATABASE", 2],
  ["a second database", "CREATE DATABASE a; USE a;\nCREATE TABLE x (a int);\nCREATE DATABASE b; USE b;\n", "SQL_OTHER_DATABASE", 3],
  ["DROP DATABASE", after("DROP DATABASE neighbour;\n"), "SQL_OTHER_DATABASE", 2],
  ["DROP DATABASE in a versioned comment", after("/*!99999 DROP DATABASE neighbour */;\n"), "SQL_OTHER_DATABASE", 2],
  ["rows for a table elsewhere", after("INSERT INTO neighbour.t VALUES (1,'');\n"), "SQL_OTHER_DATABASE", 2],
  ["rows for a quoted one", after("INSERT INTO `mysql` . `user` VALUES (1,'');\n"), "SQL_OTHER_DATABASE", 2],
  ["a table elsewhere", after("CREATE TABLE neighbour.x (a int);\n"), "SQL_OTHER_DATABASE", 2],
  [
    "a trigger on a table elsewhere",
    after("CREATE TRIGGER x BEFORE INSERT ON neighbour.t FOR EACH ROW SET @a = 1;\n"),
    "SQL_OTHER_DATABASE",
    2,
  ],
  ["DROP TABLE elsewhere", after("DROP TABLE t, `neighbour`.`t`;\n"), "SQL_OTHER_DATABASE", 2],
  ["ALTER TABLE elsewhere", after("ALTER TABLE neighbour.t ADD x int;\n"), "SQL_OTHER_DATABASE", 2],
  ["a reference to a table elsewhere", after("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES neighbour.t (a);\n"), "SQL_OTHER_DATABASE", 2],
  ["a body that writes to the system", after("CREATE PROCEDURE p() UPDATE mysql.user SET x = 1;\n"), "SQL_OTHER_DATABASE", 2],
];

/** Statements that no dump holds, and what hides them. */
export const notAllowed: readonly Case[] = [
  ...[
    "CREATE USER x IDENTIFIED BY 'y'",
    "GRANT ALL ON *.* TO x",
    "REVOKE ALL ON *.* FROM x",
    "SET GLOBAL general_log_file = '/tmp/x'",
    "SET @@GLOBAL.event_scheduler = ON",
    "SET PERSIST max_connections = 1",
    "SET PASSWORD = 'x'",
    "SET a = 1, GLOBAL event_scheduler = ON",
    "SET max_statement_time = 1",
    "SET NAMES gbk",
    "SET character_set_client = 'sjis'",
    "SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')",
    "SET sql_mode = @unknown",
    "INSTALL PLUGIN x SONAME 'x.so'",
    "INSTALL SONAME 'x'",
    "CREATE FUNCTION sys_exec RETURNS STRING SONAME 'udf.so'",
    "SHUTDOWN",
    "KILL 1",
    "FLUSH TABLES WITH READ LOCK",
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SELECT * FROM t INTO DUMPFILE '/tmp/x'",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t",
    "INSERT INTO t SELECT 1, LOAD_FILE('/etc/passwd')",
    "INSERT INTO t VALUES (1, LOAD_FILE('/etc/passwd'))",
    "INSERT INTO t VALUES (1, (SELECT password FROM mysql.user))",
    "INSERT INTO t VALUES (SLEEP(1e9), '')",
    "INSERT INTO t VALUES (BENCHMARK(1e9, 1), '')",
    "INSERT INTO t VALUES (`sys`.`f`(1), '')",
    "INSERT INTO t VALUES (@@datadir, '')",
    "INSERT INTO t VALUES (1, /*!99999 ' */ 'x')",
    "DO SLEEP(1e9)",
    "SELECT SLEEP(1e9)",
    "CALL p()",
    "PREPARE x FROM 'DROP TABLE t'",
    "HANDLER t OPEN",
    "DELETE FROM t",
    "UPDATE t SET a = 1",
    "RENAME TABLE t TO neighbour.t",
    "ALTER TABLE t RENAME TO neighbour.t",
    "ALTER TABLE t DISCARD TABLESPACE",
    "CREATE TABLE u (a int) DATA DIRECTORY='/tmp'",
    "CREATE TABLE u (a int) INDEX DIRECTORY = '/tmp'",
    "CREATE TABLE u (a int) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (1) DATA DIRECTORY = '/tmp')",
    "CREATE TABLE u (a int) ENGINE=FEDERATED CONNECTION='mysql://x@y/z/t'",
    "CREATE TABLE u (a int) ENGINE = CONNECT table_type=DOS file_name='/etc/passwd'",
    "CREATE TABLE u (a int) ENGINE=`SPIDER`",
    "CREATE TABLE u SELECT * FROM mysql.user",
    "CREATE TABLE u LIKE mysql.user",
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
    "CREATE VIEW v AS SELECT LOAD_FILE('/etc/passwd')",
    "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO GRANT ALL ON *.* TO x",
    "CREATE PROCEDURE p() BEGIN SET GLOBAL event_scheduler = ON",
    "ALTER DATABASE x UPGRADE DATA DIRECTORY NAME",
  ].map((sql): Case => [sql, after(`${sql};\n`), "SQL_NOT_ALLOWED", 2]),
  ...["50000", "99999", "", "100000", "080000"].map(
    (version): Case => [
      `GRANT in a comment of version ${version}`,
      after(`/*!${version} GRANT ALL ON *.* TO x */;\n`),
      "SQL_NOT_ALLOWED",
      2,
    ],
  ),
  ["GRANT between comments that are no versions", after("GR/**/ANT ALL ON *.* TO x;\n"), "SQL_NOT_ALLOWED", 2],
  [
    "GRANT behind a comment that hides its end in quotes",
    after("/*!99999 ' */; GRANT ALL ON *.* TO x; /*!99999 ' */;\n"),
    "SQL_NOT_ALLOWED",
    2,
  ],
  ["GRANT behind one that hides it in a line's comment", after("/*!99999 -- */; GRANT ALL ON *.* TO x;\n*/;\n"), "SQL_NOT_ALLOWED", 2],
  ["GRANT behind a routine's body", after("DELIMITER ;;\nCREATE PROCEDURE p() SELECT 1;\nGRANT ALL ON *.* TO x;;\n"), "SQL_NOT_ALLOWED", 4],
  [
    "GRANT behind a body of blocks",
    after("DELIMITER ;;\nCREATE PROCEDURE p() BEGIN SELECT 1 AS begin; END; GRANT ALL ON *.* TO x;;\n"),
    "SQL_NOT_ALLOWED",
    3,
  ],
  [
    "UPDATE behind a body that names a column begin",
    after("DELIMITER ;;\nCREATE PROCEDURE p() SELECT 1 begin; UPDATE t SET a = 1;;\n"),
    "SQL_NOT_ALLOWED",
    3,
  ],
  [
    "a statement hidden from escapes",
    after("SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nINSERT INTO t VALUES (1,'\\'); GRANT ALL ON *.* TO x; -- ');\n"),
    "SQL_NOT_ALLOWED",
    3,
  ],
  [
    "a name hidden from ANSI quotes",
    after('SET sql_mode = \'ANSI\';\nINSERT INTO t VALUES (1,"\\"); GRANT ALL ON *.* TO x; -- ");\n'),
    "SQL_NOT_ALLOWED",
    3,
  ],
];

/** What is no dump, or only a part of one. */
export const elsewhere: readonly Case[] = [
  ["a cut literal", after("INSERT INTO t VALUES (1,'abc"), "DUMP_INCOMPLETE", 2],
  ["a cut statement", after("INSERT INTO t VALUES (1,'abc')"), "DUMP_INCOMPLETE", 2],
  ["a cut comment", after("/* abc"), "DUMP_INCOMPLETE", 2],
  ["rows without their table", "INSERT INTO t VALUES (1);\n", "TABLE_MISSING", 1],
  ["other text", "Dear all,\nplease find attached\n", "NOT_A_MYSQL_DUMP", 1],
  ["a statement of 17 MB that is no INSERT", after(`CREATE TABLE u (a int COMMENT '${"x".repeat(17e6)}');\n`), "STATEMENT_TOO_LARGE", 2],
];

//! One connection to any of the three databases: values are passed as text, bytes or
//! numbers, and rows are returned as bytes.

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::query::Query;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, ColumnIndex, ConnectOptions, Connection as _, Database, Decode, Encode, Type};

use crate::dsn::Target;
use crate::sql::Value;

/// The columns of a row; `None` for NULL.
pub(crate) type Row = Vec<Option<Vec<u8>>>;

pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    MySql(MySqlConnection),
}

/// The same code for each database.
macro_rules! each {
    ($self:expr, $connection:ident => $body:expr) => {
        match $self {
            Connection::Sqlite($connection) => $body,
            Connection::Postgres($connection) => $body,
            Connection::MySql($connection) => $body,
        }
    };
}

impl Connection {
    pub async fn open(target: &Target) -> sqlx::Result<Self> {
        match target {
            Target::Sqlite { options, .. } => {
                let options = options.clone().disable_statement_logging();
                options.connect().await.map(Connection::Sqlite)
            }
            Target::Postgres(options) => {
                let options = options.clone().disable_statement_logging();
                options.connect().await.map(Connection::Postgres)
            }
            Target::MySql { options, session } => {
                let options = options.clone().disable_statement_logging();
                let mut connection = Connection::MySql(options.connect().await?);
                connection.script(session.clone()).await?;
                Ok(connection)
            }
        }
    }

    /// Executes a statement; returns the number of affected rows.
    pub async fn execute(&mut self, statement: String, values: &[Value<'_>]) -> sqlx::Result<u64> {
        let statement = AssertSqlSafe(statement);
        each!(self, connection => {
            let query = bind(sqlx::query(statement), values);
            Ok(query.execute(connection).await?.rows_affected())
        })
    }

    /// Executes statements without parameters.
    pub async fn script(&mut self, statements: String) -> sqlx::Result<()> {
        let statements = AssertSqlSafe(statements);
        each!(self, connection => {
            sqlx::raw_sql(statements).execute(connection).await.map(drop)
        })
    }

    /// Queries rows.
    pub fn fetch<'c>(
        &'c mut self,
        statement: String,
        values: &[Value<'_>],
    ) -> BoxStream<'c, sqlx::Result<Row>> {
        let statement = AssertSqlSafe(statement);
        each!(self, connection => {
            let query = bind(sqlx::query(statement), values);
            query.fetch(connection).map(|row| octets(row?)).boxed()
        })
    }

    /// Queries rows, of which there are few.
    pub async fn rows(&mut self, statement: String, values: &[Value<'_>]) -> sqlx::Result<Vec<Row>> {
        self.fetch(statement, values).try_collect().await
    }

    /// Checks that the connection is alive.
    pub async fn ping(&mut self) -> sqlx::Result<()> {
        each!(self, connection => connection.ping().await)
    }

    /// Closes the connection in an orderly way.
    pub async fn close(self) -> sqlx::Result<()> {
        each!(self, connection => connection.close().await)
    }
}

fn bind<'q, DB>(query: Query<'q, DB, DB::Arguments>, values: &[Value<'_>]) -> Query<'q, DB, DB::Arguments>
where
    DB: Database,
    Option<String>: for<'e> Encode<'e, DB> + Type<DB>,
    String: for<'e> Encode<'e, DB> + Type<DB>,
    Vec<u8>: for<'e> Encode<'e, DB> + Type<DB>,
    i64: for<'e> Encode<'e, DB> + Type<DB>,
{
    values.iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<String>),
        Value::Int(number) => query.bind(*number),
        Value::Text(text) => query.bind((*text).to_owned()),
        Value::Owned(text) => query.bind(text.clone()),
        Value::Bytes(octets) => query.bind(octets.to_vec()),
    })
}

fn octets<R>(row: R) -> sqlx::Result<Row>
where
    R: sqlx::Row,
    usize: ColumnIndex<R>,
    Option<Vec<u8>>: for<'r> Decode<'r, R::Database>,
{
    (0..row.len())
        .map(|column| row.try_get_unchecked::<Option<Vec<u8>>, _>(column))
        .collect()
}

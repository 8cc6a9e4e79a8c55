"""GeBan: the back office that Chinese communities run their grids with."""

from __future__ import annotations

from flask import Flask

from config import Config


def create_app(config: Config | None = None) -> Flask:
    """Make the application: settings, keys, database, guards, views, commands."""
    # imported here: `import app.registry.rules` must not load the whole site (unit tests, rendering processes)
    from sqlalchemy.orm import sessionmaker

    from app import cli, menu, startup
    from app.areas.security import SecurityManager
    from app.audit import listen
    from app.core import edge, jinja, packed, scope, session
    from app.core.builder import Builder
    from app.extensions import csrf, db, migrate
    from app.site import wiring

    app = Flask(__name__)
    app.config.from_object(config or Config())
    startup.check(app)
    startup.load_keys(app)

    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = session.engine_options(app.config["SQLALCHEMY_DATABASE_URI"])
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)
    packed.install(app)
    edge.install(app)
    jinja.install(app)
    with app.app_context():
        session.prepare(db.engine)
        scope.use_sessions(sessionmaker(db.engine, class_=session.PlainGuardedSession))
        listen.start()
        wiring.connect()
        startup.request_edge(app)
        appbuilder = Builder(app, db.session, security_manager_class=SecurityManager, indexview=menu.home())
        menu.mount(appbuilder)
        startup.finish(app)
    cli.register(app)
    return app

<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_GB">
    <context>
        <name>Gallery</name>
        <message numerus="yes">
            <source>%n picture(s)</source>
            <translation>
                <numerusform>%n picture</numerusform>
                <numerusform>%n pictures</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Move %n picture(s) to the trash?</source>
            <translation>
                <numerusform>Move %n picture to the trash?</numerusform>
                <numerusform>Move %n pictures to the trash?</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Move %n picture(s) to the trash? The favourites are kept.</source>
            <translation>
                <numerusform>Move %n picture to the trash? The favourites are kept.</numerusform>
                <numerusform>Move %n pictures to the trash? The favourites are kept.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>MainWindow</name>
        <message numerus="yes">
            <source>%n picture(s) in %1</source>
            <translation>
                <numerusform>%n picture in %1</numerusform>
                <numerusform>%n pictures in %1</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>  ·  %n job(s) waiting</source>
            <translation>
                <numerusform>  ·  %n job waiting</numerusform>
                <numerusform>  ·  %n jobs waiting</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n job(s) waited when the program ended.</source>
            <translation>
                <numerusform>%n job waited when the program ended.</numerusform>
                <numerusform>%n jobs waited when the program ended.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) could not be saved and are kept in memory. That is tried again by itself; jobs that wait begin then.</source>
            <translation>
                <numerusform>%n picture could not be saved and is kept in memory. That is tried again by itself; jobs that wait begin then.</numerusform>
                <numerusform>%n pictures could not be saved and are kept in memory. That is tried again by itself; jobs that wait begin then.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) are not saved yet. Close all the same, and lose them?</source>
            <translation>
                <numerusform>%n picture is not saved yet. Close all the same, and lose it?</numerusform>
                <numerusform>%n pictures are not saved yet. Close all the same, and lose them?</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>SettingsPanel</name>
        <message numerus="yes">
            <source>&amp;Generate  (%n waiting)</source>
            <translation>
                <numerusform>&amp;Generate  (%n waiting)</numerusform>
                <numerusform>&amp;Generate  (%n waiting)</numerusform>
            </translation>
        </message>
    </context>
</TS>
